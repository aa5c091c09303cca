using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

[NeedsNative]
public sealed class LoadTests
{
    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileNotFoundException>(() => FaissIndex.Load(folder.File("missing")));

        Assert.Contains(folder.File("missing"), error.Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => FaissIndex.Load(Path.Combine(folder.Path, "no", "index")));
        Assert.Throws<UnauthorizedAccessException>(() => FaissIndex.Load(folder.Path));
    }

    [Fact]
    public void Nothing_to_load_from()
    {
        Assert.Equal("path", Assert.Throws<ArgumentNullException>(() => FaissIndex.Load((string)null!)).ParamName);
        Assert.Equal("path", Assert.Throws<ArgumentException>(() => FaissIndex.Load("")).ParamName);
        Assert.Equal("stream", Assert.Throws<ArgumentNullException>(() => FaissIndex.Load((Stream)null!)).ParamName);
        using var folder = new TemporaryFolder();
        using var unreadable = new FileStream(folder.File("f"), FileMode.Create, FileAccess.Write);
        Assert.Equal("stream", Assert.Throws<ArgumentException>(() => FaissIndex.Load(unreadable)).ParamName);
    }

    [Fact]
    public void A_file_that_is_no_index_is_invalid_data()
    {
        foreach (var content in new[] { Array.Empty<byte>(), "I"u8.ToArray(), "IxF2"u8.ToArray(), "What is this?"u8.ToArray() })
        {
            Assert.Throws<InvalidDataException>(() => FaissIndex.Load(new MemoryStream(content)));
            Assert.Throws<InvalidDataException>(() => FaissIndex.Load(new MemoryStream(content), trusted: true));
        }
    }

    [Fact]
    public void The_class_is_that_of_the_type_in_the_file()
    {
        AssertClass<IndexFlatL2>(new IndexFlatL2(4));
        AssertClass<IndexFlatIP>(new IndexFlatIP(4));
        AssertClass<IndexFlat>(new IndexFlat(4, MetricType.L1));
        AssertClass<IndexIVFFlat>(new IndexIVFFlat(4, 3));
        AssertClass<IndexIVFPQ>(new IndexIVFPQ(4, 3, 2, 5, MetricType.InnerProduct));
        AssertClass<IndexHNSWFlat>(IndexFactory.Create(4, "HNSW8"));
        AssertClass<FaissIndex>(IndexFactory.Create(4, "NSG8"));

        static void AssertClass<T>(VectorIndex index)
        {
            using var stream = new MemoryStream();
            using (index)
                index.Save(stream);

            stream.Position = 0;
            using var loaded = FaissIndex.Load(stream);
            Assert.Equal(typeof(T), loaded.GetType());
            if (loaded is IndexIVF ivf)
                Assert.Equal((3, 1), (ivf.NList, ivf.NProbe));

            if (loaded is IndexIVFPQ pq)
                Assert.Equal((2, 5, 2), (pq.M, pq.NBits, pq.CodeSize));
        }
    }
}
