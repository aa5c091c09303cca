using System.Numerics.Tensors;

namespace FaissNet.Tests.Contracts;

/// <summary>The tensor forms do what the span forms do with the same rows.</summary>
public sealed class TensorContract
{
    private const int Rows = 6;

    [Theory]
    [IndexData]
    public void A_dense_tensor_is_its_rows(IndexCase type)
    {
        var vectors = type.Vectors(Rows, seed: 2);

        AssertRows(type, vectors, new ReadOnlyTensorSpan<float>(vectors, [Rows, type.Dimension]));
    }

    [Theory]
    [IndexData]
    public void One_vector_may_have_one_dimension(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var query = type.Vectors(1, seed: 3);

        var result = index.Search(new ReadOnlyTensorSpan<float>(query), 3);

        Assert.Equal(1, result.QueryCount);
        Assert.Equal(index.Search(query, 3).Labels, result.Labels);
    }

    [Theory]
    [IndexData]
    public void A_slice_of_rows_is_those_rows(IndexCase type)
    {
        var vectors = type.Vectors(Rows + 3, seed: 2);
        var tensor = new ReadOnlyTensorSpan<float>(vectors, [Rows + 3, type.Dimension]);

        AssertRows(type, vectors[(2 * type.Dimension)..((2 + Rows) * type.Dimension)], tensor.Slice([2..(2 + Rows), Range.All]));
    }

    [Theory]
    [IndexData]
    public void A_slice_of_columns_is_what_it_shows(IndexCase type)
    {
        const int more = 5;
        var vectors = type.Vectors(Rows, seed: 2);
        var wide = Enumerable.Repeat(float.NaN, Rows * (type.Dimension + more)).ToArray();
        for (var i = 0; i < Rows; i++)
            vectors.AsSpan(i * type.Dimension, type.Dimension).CopyTo(wide.AsSpan(i * (type.Dimension + more) + 2));

        var tensor = new ReadOnlyTensorSpan<float>(wide, [Rows, type.Dimension + more]);

        AssertRows(type, vectors, tensor.Slice([Range.All, 2..(2 + type.Dimension)]));
    }

    [Theory]
    [IndexData]
    public void Strides_are_followed(IndexCase type)
    {
        // Every other row, and one row for all.
        var twice = type.Vectors(2 * Rows, seed: 2);
        var everyOther = Enumerable.Range(0, Rows).SelectMany(i => twice[(2 * i * type.Dimension)..((2 * i + 1) * type.Dimension)]).ToArray();
        var same = Enumerable.Range(0, Rows).SelectMany(_ => twice[..type.Dimension]).ToArray();

        AssertRows(type, everyOther, new ReadOnlyTensorSpan<float>(twice, [Rows, type.Dimension], [2 * type.Dimension, 1]));
        AssertRows(type, same, new ReadOnlyTensorSpan<float>(twice, [Rows, type.Dimension], [0, 1]));
    }

    [Theory]
    [IndexData]
    public void No_rows_are_no_vectors(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));

        var result = index.Search(Tensor.CreateFromShape<float>([0, type.Dimension]).AsReadOnlyTensorSpan(), 3);

        Assert.Equal(0, result.QueryCount);
    }

    [Theory]
    [IndexData]
    public void Another_shape_is_refused_and_shown(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var d = type.Dimension;
        var vectors = type.Vectors(4, seed: 3);
        foreach (var shape in new nint[][] { [4, d / 2], [d, 4], [2, 2, d], [1], [4 * d] })
        {
            string[] says = [$"[{string.Join(", ", shape)}]", $"[n, {d}]"];
            ArgumentContract.Throws<ArgumentException>("vectors", () => index.Train(Tensor(shape)), says);
            ArgumentContract.Throws<ArgumentException>("vectors", () => index.Add(Tensor(shape)), says);
            ArgumentContract.Throws<ArgumentException>("vectors", () => index.AddWithIds(Tensor(shape), [1]), says);
            ArgumentContract.Throws<ArgumentException>("queries", () => index.Search(Tensor(shape), 1), says);
            ArgumentContract.Throws<ArgumentException>("queries", () => index.RangeSearch(Tensor(shape), 1), says);
        }

        ReadOnlyTensorSpan<float> Tensor(nint[] shape) => new(vectors.AsSpan(0, (int)shape.Aggregate((a, b) => a * b)), shape);
    }

    private static void AssertRows(IndexCase type, float[] rows, ReadOnlyTensorSpan<float> tensor)
    {
        using var bySpan = type.CreateTrained();
        using var byTensor = type.CreateTrained();
        var ids = Enumerable.Range(100, Rows).Select(id => (long)id).ToArray();
        if (type.Has(Traits.TakesIds))
        {
            bySpan.AddWithIds(rows, ids);
            byTensor.AddWithIds(tensor, ids);
        }
        else
        {
            bySpan.Add(rows);
            byTensor.Add(tensor);
        }

        Assert.Equal(Rows, byTensor.Count);
        if (type.Has(Traits.Repeatable))
            Assert.Equal(IndexCase.Bytes(bySpan), IndexCase.Bytes(byTensor));

        Assert.Equal(bySpan.Search(rows, 3).Distances, bySpan.Search(tensor, 3).Distances);
        Assert.Equal(bySpan.Search(rows, 3).Labels, bySpan.Search(tensor, 3).Labels);
        if (type.Has(Traits.Ranges))
            Assert.Equal(bySpan.RangeSearch(rows, 50).Labels, bySpan.RangeSearch(tensor, 50).Labels);
    }

    [Theory]
    [IndexData(with: Traits.Trains | Traits.Repeatable)]
    public void Training_takes_tensors_too(IndexCase type)
    {
        var vectors = type.Vectors(Registry.TrainingCount, seed: 1);
        using var bySpan = type.Create();
        using var byTensor = type.Create();

        bySpan.Train(vectors);
        byTensor.Train(new ReadOnlyTensorSpan<float>(vectors, [Registry.TrainingCount, type.Dimension]));

        Assert.Equal(IndexCase.Bytes(bySpan), IndexCase.Bytes(byTensor));
    }
}
