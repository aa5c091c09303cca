using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FaissNet.Tests.Serialization;

/// <summary>What the validator says about files that are good, and how it names what is wrong in those that are not.</summary>
public sealed class IndexFileTests
{
    // d, ntotal, two reserved fields, is_trained, metric_type.
    private const int HeaderSize = 4 + 4 + 8 + 8 + 8 + 1 + 4;

    public static TheoryData<string> UnrecognisedNames => GoldenFiles.UnrecognisedNames;

    public static TheoryData<string> AcceptedNames => GoldenFiles.AcceptedNames;

    [Fact]
    public void Golden_files_are_those_that_the_manifest_describes()
    {
        using var manifest = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "manifest.json")));
        Assert.All(GoldenFiles.All, file => Assert.Equal(
            manifest.RootElement.GetProperty("files").GetProperty(file.Name).GetProperty("sha256").GetString(),
            Convert.ToHexStringLower(SHA256.HashData(file.Read()))));
    }

    [Theory]
    [MemberData(nameof(AcceptedNames))]
    public void A_file_of_faiss_is_read_to_its_last_byte(string name)
    {
        var golden = GoldenFiles.Get(name);
        var info = IndexFile.Validate(GoldenFiles.PathOf(name));

        Assert.True(info.IsRecognised, info.UnrecognisedPart);
        Assert.Equal(golden.FourCC, info.FourCC);
        // FAISS makes the special classes; its Python wrapper shows their base.
        Assert.Equal(golden.Type, info.TypeName is "IndexFlatL2" or "IndexFlatIP" ? "IndexFlat" : info.TypeName);
        Assert.Equal(golden.Dimension, info.Dimension);
        Assert.Equal(golden.Count, info.Count);
        Assert.Equal(golden.Metric, (int)info.Metric);
        Assert.Equal(golden.IsTrained, info.IsTrained);
        if (golden.MetricArgument is { } argument)
            Assert.Equal(argument, info.MetricArgument);
        Assert.Equal(golden.ExternalFiles, info.ExternalFiles.Select(file => file.Path));
        Assert.Equal(golden.Read().Length, info.Length);
        Assert.False(info.HasTrailingBytes);
    }

    [Theory]
    [MemberData(nameof(UnrecognisedNames))]
    public void A_type_that_is_not_checked_is_named_and_not_refused(string name)
    {
        var golden = GoldenFiles.Get(name);
        var info = IndexFile.Validate(GoldenFiles.PathOf(name));

        Assert.False(info.IsRecognised);
        Assert.Equal(golden.FourCC, info.FourCC);
        Assert.Equal(golden.Type, info.TypeName);
        Assert.Contains("not checked", info.UnrecognisedPart, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AcceptedNames))]
    public void A_stream_that_cannot_seek_gives_the_same(string name)
    {
        var data = GoldenFiles.Get(name).Read();
        var expected = IndexFile.Validate(new MemoryStream(data));
        var actual = IndexFile.Validate(new ForwardStream(data));

        Assert.Equal(Describe(expected), Describe(actual));

        static string Describe(IndexFileInfo info) =>
            $"{info.Role} {info.TypeName} {info.Dimension} {info.Count} {info.Length} {info.HasTrailingBytes} " +
            $"[{string.Join(", ", info.SubIndexes.Select(Describe))}]";
    }

    [Fact]
    public void An_unknown_type_is_reported_and_an_unprintable_one_refused()
    {
        var data = GoldenFiles.Get("idmap-flat").Read();
        "IzZz"u8.CopyTo(data.AsSpan(4 + HeaderSize - 4));
        var info = IndexFile.Validate(new MemoryStream(data));
        Assert.False(info.IsRecognised);
        Assert.Equal("IndexIDMap", info.TypeName);
        Assert.Equal(GoldenFiles.Get("idmap-flat").Count, info.Count);
        Assert.Contains("IzZz", info.UnrecognisedPart, StringComparison.Ordinal);

        "What is this?"u8.CopyTo(data);
        Assert.Contains("'What' is not the type of a FAISS index", Outcome(data), StringComparison.Ordinal);
        data[0] = 0x01;
        var error = Assert.Throws<InvalidDataException>(() => IndexFile.Validate(new MemoryStream(data)));
        Assert.Contains("the file's type", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inner_indexes_are_reported_with_their_roles()
    {
        var info = IndexFile.Validate(GoldenFiles.PathOf("nested-deep"));

        Assert.Equal("IndexRefineFlat", info.TypeName);
        Assert.Equal(["base", "refine"], info.SubIndexes.Select(index => index.Role));
        var transformed = info.SubIndexes[0];
        Assert.Equal("IndexPreTransform", transformed.TypeName);
        var ivf = Assert.Single(transformed.SubIndexes);
        Assert.Equal("IndexIVFPQ", ivf.TypeName);
        Assert.Equal(8, ivf.Dimension);
        var quantizer = Assert.Single(ivf.SubIndexes);
        Assert.Equal(("quantizer", "IndexHNSWFlat"), (quantizer.Role, quantizer.TypeName));
        Assert.Equal("storage", Assert.Single(quantizer.SubIndexes).Role);
    }

    [Fact]
    public void Bytes_after_the_index_are_reported()
    {
        byte[] data = [.. GoldenFiles.Get("flat-l2").Read(), 1];

        var info = IndexFile.Validate(new MemoryStream(data));
        Assert.True(info.HasTrailingBytes);
        Assert.Equal(data.Length - 1, info.Length);
        Assert.True(IndexFile.Validate(new ForwardStream(data)).HasTrailingBytes);
    }

    [Fact]
    public void A_stream_is_read_from_its_position_and_left_there()
    {
        byte[] data = [1, 2, 3, .. GoldenFiles.Get("ivf-pq").Read()];
        using var stream = new MemoryStream(data) { Position = 3 };

        Assert.Equal("IndexIVFPQ", IndexFile.Validate(stream).TypeName);
        Assert.Equal(3, stream.Position);

        data[3 + 4] = 0xff;
        Assert.Throws<InvalidDataException>(() => IndexFile.Validate(stream));
        Assert.Equal(3, stream.Position);
    }

    [Fact]
    public void Lists_on_disk_are_reported_with_the_length_that_they_need()
    {
        var file = Assert.Single(IndexFile.Validate(GoldenFiles.PathOf("ivf-flat-on-disk")).ExternalFiles);

        Assert.Equal("lists.ivfdata", file.Path);
        // Every vector takes its code and its id.
        Assert.True(file.RequiredLength >= GoldenFiles.Get("ivf-flat-on-disk").Count * (16 * sizeof(float) + sizeof(long)));
    }

    [Fact]
    public void A_file_that_makes_faiss_end_the_process_is_refused()
    {
        var refused = GoldenFiles.All.Where(file => file.Refused is not null).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, file =>
        {
            var error = Assert.Throws<InvalidDataException>(() => IndexFile.Validate(GoldenFiles.PathOf(file.Name)));
            Assert.Contains($"{file.FourCC}: {file.Refused} is", error.Message, StringComparison.Ordinal);
        });
    }

    /// <summary>A field, by its distance from the start of a file, what is written there, and what the error must say.</summary>
    public static TheoryData<string, int, long, string> Damages => new()
    {
        { "flat-l2", 4, 0, "IxF2: d is 0, expected 1 … 1048576 (at byte 4)" },
        { "flat-l2", 4, 1L << 31, "IxF2: d is -2147483648" },
        { "flat-l2", 8, -1, "IxF2: ntotal is -1" },
        { "flat-l2", 8, 151, "IxF2: the number of elements of the vectors is 2400, expected 2416 (ntotal × d)" },
        { "pq-8", 4 + HeaderSize - 4 + 8, 5, "IxPq > ProductQuantizer: M is 5, expected a divisor of d = 16" },
        { "pq-8", 4 + HeaderSize - 4 + 16, 40, "IxPq > ProductQuantizer: nbits is 40, expected 1 … 24 (at byte 53)" },
        { "ivf-pq", 4 + HeaderSize - 4, 9, "IwPQ: the quantizer has 8 centroids, but nlist is 9" },
        { "ivf-pq", 4 + HeaderSize - 4 + 8, 0, "IwPQ: nprobe is 0, expected 1 … 2147483647" },
        { "hnsw-flat", 4 + HeaderSize - 4, 0, "IHNf > HNSW: the number of elements of cum_nneighbor_per_level" },
        { "idmap-flat", 8, 149, "IxMp: the index's ntotal is 150, but ntotal is 149" },
        { "pretransform-opq", 4 + HeaderSize - 4, 0, "IxPT > index LTra: 'LTra' is not the type of a FAISS index" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void An_error_names_the_part_the_value_and_the_place(string name, int offset, long value, string expected)
    {
        var data = GoldenFiles.Get(name).Read();
        // Fields of 32 bits are followed by a field whose first half the test keeps.
        if (offset == 4 || name == "pretransform-opq")
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(offset), (int)value);
        else
            BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(offset), value);

        var message = Outcome(data);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_to_a_node_that_does_not_exist_is_refused()
    {
        var golden = GoldenFiles.Get("hnsw-flat");
        var data = golden.Read();
        var at = 4 + HeaderSize - 4;
        at = AfterVector(data, at, sizeof(double));    // assign_probas
        at = AfterVector(data, at, sizeof(int));       // cum_nneighbor_per_level
        var levels = at;
        at = AfterVector(data, at, sizeof(int));       // levels
        var offsets = at;
        at = AfterVector(data, at, sizeof(long));      // offsets
        var neighbors = at;
        var entry = AfterVector(data, at, sizeof(int));

        Assert.Contains("HNSW: a neighbour of node 0 on level 0 is 150", Damaged(neighbors + 8, (int)golden.Count), StringComparison.Ordinal);
        Assert.Contains("HNSW: a neighbour of node 0 on level 0 is -2", Damaged(neighbors + 8, -2), StringComparison.Ordinal);
        Assert.Contains("HNSW: node 0 has a neighbour", Damaged(neighbors + 8, -1), StringComparison.Ordinal);
        Assert.Contains("HNSW: a level is 0", Damaged(levels + 8, 0), StringComparison.Ordinal);
        Assert.Contains("HNSW: offset 1 is 1", Damaged(offsets + 16, 1), StringComparison.Ordinal);
        Assert.Contains("HNSW: entry_point is 150", Damaged(entry, (int)golden.Count), StringComparison.Ordinal);
        Assert.Contains("HNSW: max_level is 7", Damaged(entry + 4, 7), StringComparison.Ordinal);
        Assert.Contains("HNSW: upper_beam is 0", Damaged(entry + 16, 0), StringComparison.Ordinal);

        string Damaged(int offset, int value)
        {
            var copy = data.ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(copy.AsSpan(offset), value);
            return Outcome(copy);
        }
    }

    [Theory]
    [InlineData("ivf-flat-direct-map-array")]
    [InlineData("ivf-flat-direct-map-hashtable")]
    public void A_direct_map_that_points_beyond_a_list_is_refused(string name)
    {
        var data = GoldenFiles.Get(name).Read();
        var at = 4 + HeaderSize - 4 + 16;                              // behind nlist and nprobe
        at = AfterVector(data, at + HeaderSize, sizeof(float));        // behind the quantizer
        at += 1;                                                       // behind the map's type
        if (name.EndsWith("hashtable", StringComparison.Ordinal))
            at = AfterVector(data, at, sizeof(long)) + 8;              // to the place of the first pair
        var place = data.AsSpan(at + 8, sizeof(long));

        BinaryPrimitives.WriteInt64LittleEndian(place, (3L << 32) | 149);
        Assert.Contains("DirectMap: an entry points to vector 149 of list 3", Outcome(data), StringComparison.Ordinal);
        BinaryPrimitives.WriteInt64LittleEndian(place, 8L << 32);
        Assert.Contains("DirectMap: a place is list 8, vector 0", Outcome(data), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1001f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_refining_factor_out_of_range_is_refused(float factor)
    {
        var data = GoldenFiles.Get("refine-flat").Read();
        BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(data.Length - sizeof(float)), factor);
        Assert.Contains("IxRF: k_factor is", Outcome(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_within_an_id_map_must_be_indices()
    {
        // The last eight bytes of an inverted file are the last id of its last list.
        var plain = GoldenFiles.Get("ivf-flat").Read();
        BinaryPrimitives.WriteInt64LittleEndian(plain.AsSpan(plain.Length - sizeof(long)), 150);
        Assert.True(IndexFile.Validate(new MemoryStream(plain)).IsRecognised);

        var golden = GoldenFiles.Get("idmap-ivf");
        var wrapped = golden.Read();
        var last = wrapped.Length - (int)(golden.Count + 1) * sizeof(long) - sizeof(long);
        Assert.InRange(BinaryPrimitives.ReadInt64LittleEndian(wrapped.AsSpan(last)), 0, golden.Count - 1);
        BinaryPrimitives.WriteInt64LittleEndian(wrapped.AsSpan(last), golden.Count);
        Assert.Contains("an id is 150, expected 0 … 149", Outcome(wrapped), StringComparison.Ordinal);
    }

    [Fact]
    public void A_coarse_quantizer_must_have_a_centroid_that_can_be_nearest()
    {
        var data = GoldenFiles.Get("ivf-flat").Read();
        var centroids = 4 + HeaderSize - 4 + 16 + 4 + HeaderSize - 4 + 8;
        var floats = data.AsSpan(centroids, 8 * 16 * sizeof(float));
        floats[sizeof(float)..].Fill(0xff);
        for (var i = 0; i < floats.Length; i += 16 * sizeof(float))
            BinaryPrimitives.WriteSingleLittleEndian(floats[i..], float.NaN);

        Assert.Contains("quantizer IxF2: no vector has finite components", Outcome(data), StringComparison.Ordinal);
        floats[..(16 * sizeof(float))].Clear();
        Assert.Equal("accepted", Outcome(data));
    }

    [Fact]
    public void A_wrapper_is_not_trained_if_what_it_wraps_is_not()
    {
        var map = GoldenFiles.Get("idmap-flat").Read().AsSpan(0, 4 + HeaderSize - 4).ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(map.AsSpan(8), 0);
        byte[] noIds = [0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Contains("IxMp: IndexScalarQuantizer within is not trained", Outcome([.. map, .. GoldenFiles.Get("sq-untrained").Read(), .. noIds]), StringComparison.Ordinal);
        Assert.Equal("accepted", Outcome([.. map, .. GoldenFiles.Get("flat-empty").Read(), .. noIds]));

        var transformed = map.ToArray();
        "IxPT"u8.CopyTo(transformed);
        byte[] noTransforms = [0, 0, 0, 0];
        Assert.Contains("IxPT: IndexScalarQuantizer within is not trained", Outcome([.. transformed, .. noTransforms, .. GoldenFiles.Get("sq-untrained").Read()]), StringComparison.Ordinal);
        Assert.Equal("accepted", Outcome([.. transformed, .. noTransforms, .. GoldenFiles.Get("flat-empty").Read()]));
    }

    [Fact]
    public void An_ITQ_without_PCA_keeps_the_dimension()
    {
        var data = GoldenFiles.Get("pretransform-itq").Read();
        var mean = 4 + HeaderSize - 4 + 4 + 4;
        var reduces = AfterVector(data, mean, sizeof(float));
        Assert.Equal(1, data[reduces]);
        data[reduces] = 0;
        Assert.Contains("transform Viqt: d_out is 8, expected d_in = 16, for there is no PCA", Outcome(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_residuals_are_searched_by_beam_every_centroid_must_be_a_number()
    {
        var data = GoldenFiles.Get("ivf-rq").Read();
        Assert.Equal("accepted", Outcome(data));
        // Behind nlist, nprobe and the header of the quantizer.
        BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 + HeaderSize - 4 + 16 + 4 + HeaderSize - 4 + 8 + 40), float.NaN);
        Assert.Contains("quantizer IxF2: not every component", Outcome(data), StringComparison.Ordinal);
        Assert.False(IndexFile.Validate(new MemoryStream(data)).IsRecognised);
    }

    [Theory]
    [InlineData("Ixrq", "IndexRaBitQ")]
    [InlineData("Iwrf", "IndexIVFRaBitQFastScan")]
    [InlineData("ISVF", "IndexSVSFlat")]
    [InlineData("IwPn", "IndexIVFFlatPanorama")]
    [InlineData("IBHc", "IBHc")]
    public void A_type_of_a_newer_FAISS_is_named_as_far_as_it_is_known(string fourCC, string name)
    {
        var data = GoldenFiles.Get("flat-l2").Read();
        System.Text.Encoding.ASCII.GetBytes(fourCC).CopyTo(data, 0);

        var info = IndexFile.Validate(new MemoryStream(data));

        Assert.False(info.IsRecognised);
        Assert.Equal((fourCC, name), (info.FourCC, info.TypeName));
    }

    [Fact]
    public void Nesting_is_limited()
    {
        // An IndexIDMap around an IndexIDMap around …
        var header = GoldenFiles.Get("idmap-flat").Read().AsSpan(0, 4 + HeaderSize - 4).ToArray();
        var data = Enumerable.Repeat(header, 1000).SelectMany(bytes => bytes).ToArray();
        Assert.Contains("indexes are nested more than 16 deep", Outcome(data), StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_file_cannot_ask_for_a_huge_number_of_lists()
    {
        // A multi-index has as many cells as it likes, without a byte for each.
        var data = GoldenFiles.Get("ivf-imi-pq").Read();
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(4 + HeaderSize - 4), 1 << 30);
        Assert.Contains("bytes of memory for empty lists", Outcome(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_stops_the_work()
    {
        var data = GoldenFiles.Get("hnsw-flat").Read();
        Assert.Throws<OperationCanceledException>(() =>
            IndexFile.Validate(new MemoryStream(data), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Arguments_and_files_that_cannot_be_read_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => IndexFile.Validate((Stream)null!));
        Assert.Throws<ArgumentException>(() => IndexFile.Validate(""));
        Assert.Throws<FileNotFoundException>(() => IndexFile.Validate(GoldenFiles.PathOf("no-such-file")));
        Assert.Contains("the file ends within the file's type", Outcome([]), StringComparison.Ordinal);
    }

    private static string Outcome(byte[] data)
    {
        try
        {
            return IndexFile.Validate(new MemoryStream(data)).UnrecognisedPart ?? "accepted";
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    private static int AfterVector(ReadOnlySpan<byte> data, int at, int elementSize) =>
        at + sizeof(long) + checked((int)BinaryPrimitives.ReadInt64LittleEndian(data[at..]) * elementSize);
}
