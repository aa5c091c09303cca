using System.IO.Pipes;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Reading and writing.</summary>
public sealed class IoCases
{
    [Theory]
    [Engines("Flat", "IVF8,PQ8x4np")]
    [Restates("test_io.py", "TestIOVariants.test_io_error")]
    public void A_file_of_which_half_is_missing_is_named_as_such(string engine, string key)
    {
        using var folder = new TemporaryFolder();
        using var index = Given.Filled(engine, key);
        var path = folder.File("half");
        index.Save(path);
        using (Load(engine, path))
        {
        }

        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);

        Assert.Throws<InvalidDataException>(() => Load(engine, path));
        Assert.Throws<FileNotFoundException>(() => Load(engine, path + "s"));
    }

    [Theory]
    [Engines("Flat", "IVF8,Flat", "IVF8,PQ8x4np", "PCA16,IVF8,SQ8", "IDMap,Flat", "SQ4,RFlat")]
    [Restates("test_io.py", "TestCallbacks.test_write_callback", "TestCallbacks.test_write_buffer", "TestCallbacks.test_read_callback",
        "TestCallbacks.test_read_callback_buffered", "TestCallbacks.test_read_buffer", "TestCallbacks.test_buf_read")]
    [Restates("test_index_composite.py", "TestSerialize.test_serialize_to_vector")]
    public void Streams_may_give_and_take_as_little_as_they_like(string engine, string key)
    {
        using var index = Made(engine, key);
        using var written = new MemoryStream();
        index.Save(new Sips(written, 3));
        Assert.Equal(Given.Save(index), written.ToArray());

        foreach (var size in new[] { 1, 7, 1234 })
        {
            written.Position = 0;
            using var loaded = engine == Given.Native ? FaissIndex.Load(new Sips(written, size)) : (VectorIndex)ManagedIndex.Load(new Sips(written, size));

            Assert.Equal(Given.Save(index), Given.Save(loaded));
            Assert.Equal(index.Search(Given.Asked, Given.K).Labels, loaded.Search(Given.Asked, Given.K).Labels);
        }
    }

    [Theory]
    [Engines("Flat")]
    [Restates("test_io.py", "TestCallbacks.test_transfer_pipe")]
    public async Task An_index_goes_through_a_pipe(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var end = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        var reading = Task.Run(() => engine == Given.Native ? FaissIndex.Load(end) : (VectorIndex)ManagedIndex.Load(end));

        index.Save(pipe);
        pipe.Close();

        using var loaded = await reading;
        Assert.Equal(index.Search(Given.Asked, Given.K).Labels, loaded.Search(Given.Asked, Given.K).Labels);
    }

    [Theory]
    [InlineData("IVF8,Flat")]
    [InlineData("PCA16,IVF8,Flat")]
    [InlineData("IVF64,Flat sparse")]
    [Restates("test_index_composite.py", "TestRareIO.test_mmappedIO_full", "TestRareIO.test_mmappedIO_pretrans", "TestRareIO.test_mmappedIO_sparse")]
    [Restates("test_io.py", "TestIOFlatMMap.test_mmap_ivf")]
    public void A_mapped_file_is_searched_as_the_index_is(string row)
    {
        using var folder = new TemporaryFolder();
        using var index = Given.Trained(Given.Managed, row.Split(' ')[0]);
        // Sparse: all vectors in the few lists of one corner.
        index.Add(row.EndsWith("sparse", StringComparison.Ordinal) ? [.. Given.Base.Select(value => value / 100 + 0.9f)] : Given.Base);
        index.SetParameter("nprobe", 4);
        index.Save(folder.File("index"));

        using var mapped = ManagedIndex.LoadMapped(folder.File("index"));

        var (expected, found) = (index.Search(Given.Asked, Given.K), mapped.Search(Given.Asked, Given.K));
        Assert.Equal(expected.Labels, found.Labels);
        Assert.Equal(expected.Distances, found.Distances);
    }

    [Theory]
    [Engines("SQ4,RFlat", "SQ4,Refine(SQ8)", "IVF8,Flat", "PCA8,Flat", "IVF8,Flat,IDMap", "IVF8,Flat,IDMap2", "IVF8,PQ8x4np", "Flat")]
    [Restates("test_clone.py", "TestClone.test_RFlat", "TestClone.test_Refine", "TestClone.test_IVF", "TestClone.test_PCA", "TestClone.test_IDMap", "TestClone.test_IDMap2")]
    [Restates("test_factory.py", "TestCloneSize.test_clone_size", "TestCloneIVFPQ.test_clone")]
    public void A_clone_is_the_same_and_on_its_own(string engine, string key)
    {
        using var index = Made(engine, key);
        var expected = index.Search(Given.Asked, Given.K);

        using var copy = index.Clone();
        index.Reset();

        Assert.Equal((0, Given.Count, index.GetType()), (index.Count, copy.Count, copy.GetType()));
        var found = copy.Search(Given.Asked, Given.K);
        Assert.Equal(expected.Labels, found.Labels);
        Assert.Equal(expected.Distances, found.Distances);
    }

    [Theory]
    [Engines("Flat", "IVF8,Flat", "IVF8,PQ8x4np", "SQ8", "PCA16,IVF8,SQ8", "IDMap2,Flat")]
    [Restates("test_io.py", "TestIORoundTrip.test_index_sq8", "TestIORoundTrip.test_index_pq", "TestPickle.test_flat", "TestPickle.test_ivf")]
    public void What_was_read_is_written_as_it_was_empty_or_full(string engine, string key)
    {
        foreach (var index in new[] { Given.Create(engine, Given.D, key), Given.Trained(engine, key), Made(engine, key) })
        {
            using (index)
            {
                var bytes = Given.Save(index);
                using var loaded = Given.Load(engine, bytes);
                using var other = Given.Load(engine == Given.Native ? Given.Managed : TestEngine.IsManagedOnly ? Given.Managed : Given.Native, bytes);

                Assert.Equal((index.Count, index.IsTrained), (loaded.Count, loaded.IsTrained));
                Assert.Equal(bytes, Given.Save(loaded));
                Assert.Equal(bytes, Given.Save(other));
            }
        }
    }

    private static VectorIndex Made(string engine, string key)
    {
        var index = Given.Trained(engine, key);
        if (key.Contains("IDMap", StringComparison.Ordinal))
            index.AddWithIds(Given.Base, Given.Ids);
        else
            index.Add(Given.Base);

        return index;
    }

    private static VectorIndex Load(string engine, string path) => engine == Given.Native ? FaissIndex.Load(path) : ManagedIndex.Load(path);

    /// <summary>A stream that gives a few bytes at a time and cannot seek.</summary>
    private sealed class Sips(Stream inner, int size) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, size));

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
