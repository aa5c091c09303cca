namespace FaissNet.Tests.Contracts;

/// <summary>Every wrong argument: which exception, and whether its message says what was wrong.</summary>
public sealed class ArgumentContract
{
    [Theory]
    [IndexData]
    public void A_length_that_is_no_multiple_of_the_dimension(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        foreach (var length in new[] { 1, type.Dimension - 1, type.Dimension + 1, 3 * type.Dimension - 1 })
        {
            var wrong = new float[length];
            string[] says = [$"{length}", $"{type.Dimension}"];
            Throws<ArgumentException>("vectors", () => index.Train(wrong), says);
            Throws<ArgumentException>("vectors", () => index.Add(wrong), says);
            Throws<ArgumentException>("vectors", () => index.AddWithIds(wrong, [1]), says);
            Throws<ArgumentException>("queries", () => index.Search(wrong, 1), says);
            Throws<ArgumentException>("queries", () => index.Search(wrong, 1, new float[9], new long[9]), says);
            Throws<ArgumentException>("queries", () => index.RangeSearch(wrong, 1), says);
        }

        Assert.Equal(20, index.Count);
    }

    [Theory]
    [IndexData]
    public void A_component_that_is_not_finite_wherever_it_stands(IndexCase type)
    {
        const int n = 5;
        using var untrained = type.Create();
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        for (var position = 0; position < n * type.Dimension; position += 7)
        {
            foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                var wrong = type.Vectors(n, seed: 3);
                wrong[position] = value;
                string[] says = [$"{value}", $"vector {position / type.Dimension}", $"component {position % type.Dimension}"];
                Throws<ArgumentException>("vectors", () => untrained.Train(wrong), says);
                Throws<ArgumentException>("vectors", () => index.Add(wrong), says);
                Throws<ArgumentException>("vectors", () => index.AddWithIds(wrong, [1, 2, 3, 4, 5]), says);
                Throws<ArgumentException>("queries", () => index.Search(wrong, 1), says);
                Throws<ArgumentException>("queries", () => index.Search(wrong, 1, new float[n], new long[n]), says);
                Throws<ArgumentException>("queries", () => index.RangeSearch(wrong, 1), says);
            }
        }

        Assert.Equal(20, index.Count);
    }

    [Theory]
    [IndexData]
    public void A_vector_so_long_that_squared_distances_overflow(IndexCase type)
    {
        using var untrained = type.Create();
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        foreach (var value in new[] { 1e19f, 1e30f, float.MaxValue, -float.MaxValue })
        {
            // A length of 9.2e18 is that of a quarter of the largest float, squared.
            var wrong = type.Vectors(3, seed: 3);
            wrong[type.Dimension + 1] = value;
            string[] says = ["holds a vector, 1, ", "9.2e+18"];
            Throws<ArgumentException>("vectors", () => untrained.Train(wrong), says);
            Throws<ArgumentException>("vectors", () => index.Add(wrong), says);
            Throws<ArgumentException>("vectors", () => index.AddWithIds(wrong, [1, 2, 3]), says);
            Throws<ArgumentException>("queries", () => index.Search(wrong, 1), says);
            Throws<ArgumentException>("queries", () => index.RangeSearch(wrong, 1), says);
        }

        Assert.Equal(20, index.Count);
    }

    [Theory]
    [IndexData]
    public void Long_vectors_that_only_overflow_all_together(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var queries = new float[4 * type.Dimension];
        for (var i = 0; i < queries.Length; i += type.Dimension)
            queries[i] = 9e18f;

        // Four squares of 8.1e37 are above, one is below the limit of 8.5e37.
        Assert.Equal(4, index.Search(queries, 1).QueryCount);
    }

    [Theory]
    [IndexData]
    public void A_k_below_one(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var query = type.Vectors(1, seed: 3);
        foreach (var k in new[] { 0, -1, int.MinValue })
        {
            Throws<ArgumentOutOfRangeException>("k", () => index.Search(query, k), [$"{k}"]);
            Throws<ArgumentOutOfRangeException>("k", () => index.Search(query, k, new float[9], new long[9]), [$"{k}"]);
        }
    }

    [Theory]
    [IndexData]
    public void More_results_than_an_array_holds(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var queries = type.Vectors(2, seed: 3);

        Throws<ArgumentOutOfRangeException>("k", () => index.Search(queries, int.MaxValue, new float[9], new long[9]), [$"{int.MaxValue}"]);
    }

    [Theory]
    [IndexData]
    public void Outputs_that_are_too_short(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var queries = type.Vectors(2, seed: 3);

        Throws<ArgumentException>("distances", () => index.Search(queries, 3, new float[5], new long[6]), ["5", "6"]);
        Throws<ArgumentException>("labels", () => index.Search(queries, 3, new float[6], new long[5]), ["5", "6"]);
        Throws<ArgumentException>("vector", () => index.Reconstruct(0, new float[type.Dimension - 1]), [$"{type.Dimension - 1}", $"{type.Dimension}"]);
    }

    [Theory]
    [IndexData]
    public void Nothing_to_train_with(IndexCase type)
    {
        using var index = type.Create();

        Throws<ArgumentException>("vectors", () => index.Train(ReadOnlySpan<float>.Empty), ["empty"]);
    }

    [Theory]
    [IndexData]
    public void Not_one_id_for_each_vector(IndexCase type)
    {
        using var index = type.CreateTrained();
        var vectors = type.Vectors(3, seed: 2);

        Throws<ArgumentException>("ids", () => index.AddWithIds(vectors, [1, 2]), ["2", "3"]);
        Throws<ArgumentException>("ids", () => index.AddWithIds(vectors, [1, 2, 3, 4]), ["4", "3"]);
        Throws<ArgumentException>("ids", () => index.AddWithIds(vectors, []), ["0", "3"]);
        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData]
    public void The_id_that_means_no_neighbour(IndexCase type)
    {
        using var index = type.CreateTrained();

        Throws<ArgumentException>("ids", () => index.AddWithIds(type.Vectors(3, seed: 2), [1, 2, -1]), ["ids[2]", "-1"]);
        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData]
    public void A_radius_that_is_not_finite(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var query = type.Vectors(1, seed: 3);
        foreach (var radius in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            Throws<ArgumentOutOfRangeException>("radius", () => index.RangeSearch(query, radius), [$"{radius}"]);
    }

    [Theory]
    [IndexData]
    public void Nothing_where_something_is_needed(IndexCase type)
    {
        using var index = type.Create();

        Throws<ArgumentNullException>("selector", () => index.Remove(null!), []);
        Throws<ArgumentNullException>("name", () => index.SetParameter(null!, 1), []);
        Throws<ArgumentException>("name", () => index.SetParameter("", 1), []);
        Throws<ArgumentNullException>("name", () => index.GetParameter(null!), []);
        Throws<ArgumentException>("name", () => index.GetParameter(""), []);
        Throws<ArgumentNullException>("path", () => index.Save((string)null!), []);
        Throws<ArgumentException>("path", () => index.Save(""), []);
        Throws<ArgumentNullException>("stream", () => index.Save((Stream)null!), []);
        Throws<ArgumentException>("stream", () => index.Save(new MemoryStream([], writable: false)), []);
    }

    [Fact]
    public void A_range_that_ends_before_it_starts() =>
        Throws<ArgumentOutOfRangeException>("max", () => IdSelector.Range(5, 4), ["5", "4"]);

    [Fact]
    public void Search_parameters_below_one()
    {
        foreach (var value in new[] { 0, -1, int.MinValue })
        {
            Throws<ArgumentOutOfRangeException>("NProbe", () => _ = new SearchParameters { NProbe = value }, [$"{value}"]);
            Throws<ArgumentOutOfRangeException>("MaxCodes", () => _ = new SearchParameters { MaxCodes = value }, [$"{value}"]);
        }
    }

    [Theory]
    [IndexData]
    public void The_index_of_a_result_that_is_not_there(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var result = index.Search(type.Vectors(2, seed: 3), 3);
        foreach (var query in new[] { -1, 2, int.MaxValue })
            Throws<ArgumentOutOfRangeException>("query", () => _ = result[query], [$"{query}", "1"]);

        Assert.Throws<IndexOutOfRangeException>(() => result[0][3]);
    }

    internal static T Throws<T>(string argument, Action call, string[] says)
        where T : ArgumentException
    {
        var error = Assert.Throws<T>(call);
        Assert.Equal(argument, error.ParamName);
        Assert.Contains(argument, error.Message, StringComparison.Ordinal);
        Assert.All(says, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
        return error;
    }
}
