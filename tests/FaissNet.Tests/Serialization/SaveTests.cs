using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>What stays on the disk when saving goes well, and when it does not.</summary>
public abstract partial class SaveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private VectorIndex? _made;

    // Made by the test, since a skip for want of the native library comes after the constructor.
    private VectorIndex Index
    {
        get
        {
            if (_made is null)
            {
                _made = Create();
                _made.Add(TestVectors.Uniform(50, 4, 9, seed: 1));
            }

            return _made;
        }
    }

    public void Dispose()
    {
        _made?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("name with spaces.faiss")]
    [InlineData("häßlich-索引-🔎.faiss")]
    [InlineData("-dash")]
    public void A_file_of_any_name_holds_what_the_stream_holds(string name)
    {
        Index.Save(_folder.File(name));

        using var loaded = Load(_folder.File(name));
        Assert.Equal(50, loaded.Count);
        Assert.Equal(Bytes(), File.ReadAllBytes(_folder.File(name)));
        Assert.Equal([name], _folder.Names());
    }

    [Fact]
    public void A_name_may_be_as_long_as_names_can_be()
    {
        var name = new string('n', 255);

        Index.Save(_folder.File(name));

        Assert.Equal([name], _folder.Names());
    }

    [Fact]
    public void A_relative_path_is_relative_to_the_current_folder()
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, _folder.File("index"));

        Index.Save(relative);

        Assert.Equal(["index"], _folder.Names());
    }

    [Fact]
    public void A_file_that_is_there_is_replaced_and_keeps_its_mode()
    {
        File.WriteAllText(_folder.File("index"), new string('x', 100_000));
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.File("index"), mode);

        Index.Save(_folder.File("index"));

        Assert.Equal(Bytes(), File.ReadAllBytes(_folder.File("index")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(mode, File.GetUnixFileMode(_folder.File("index")));
    }

    [Fact]
    public void A_file_that_few_may_read_is_at_no_time_readable_to_more()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        if (OperatingSystem.IsWindows())
            return;

        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.WriteAllText(_folder.File("index"), "old");
        File.SetUnixFileMode(_folder.File("index"), mine);
        UnixFileMode? during = null;

        AtomicFile.Write(_folder.File("index"), file =>
        {
            if (!OperatingSystem.IsWindows())
                during = File.GetUnixFileMode(((FileStream)file).Name);
        });

        Assert.Equal(mine, during);
        Assert.Equal(mine, File.GetUnixFileMode(_folder.File("index")));
    }

    [Fact]
    public void A_missing_folder_is_an_error_that_names_the_path()
    {
        var path = Path.Combine(_folder.Path, "missing", "index");

        var error = Assert.Throws<DirectoryNotFoundException>(() => Index.Save(path));

        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void A_folder_is_no_file()
    {
        Directory.CreateDirectory(_folder.File("taken"));

        var error = Assert.Throws<IOException>(() => Index.Save(_folder.File("taken")));

        Assert.Contains(_folder.File("taken"), error.Message, StringComparison.Ordinal);
        Assert.Equal(["taken"], _folder.Names());
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("taken")));
    }

    [Fact]
    public void A_symbolic_link_stays_one_and_its_target_is_written()
    {
        Directory.CreateDirectory(_folder.File("real"));
        var target = Path.Combine(_folder.File("real"), "index");
        File.WriteAllText(target, "old");
        File.CreateSymbolicLink(_folder.File("link"), target);
        File.CreateSymbolicLink(_folder.File("link to link"), _folder.File("link"));

        Index.Save(_folder.File("link to link"));

        Assert.Equal(Bytes(), File.ReadAllBytes(target));
        Assert.Equal(target, new FileInfo(_folder.File("link")).LinkTarget);
        Assert.Equal(["link", "link to link", "real"], _folder.Names());
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.File("real")));
    }

    [Fact]
    public void A_symbolic_link_to_nothing_makes_its_target()
    {
        File.CreateSymbolicLink(_folder.File("link"), _folder.File("target"));

        Index.Save(_folder.File("link"));

        Assert.Equal(Bytes(), File.ReadAllBytes(_folder.File("target")));
        Assert.NotNull(new FileInfo(_folder.File("link")).LinkTarget);
    }

    [Fact]
    public void A_stream_that_fails_half_way_leaves_the_old_file_untouched()
    {
        File.WriteAllText(_folder.File("index"), "old");

        var error = Assert.Throws<InvalidTimeZoneException>(() => AtomicFile.Write(_folder.File("index"), file =>
        {
            file.Write(new byte[3_000_000]);
            throw new InvalidTimeZoneException("from the test");
        }));

        Assert.Equal("from the test", error.Message);
        Assert.Equal("old", File.ReadAllText(_folder.File("index")));
        Assert.Equal(["index"], _folder.Names());
    }

    [Fact]
    public void An_index_that_cannot_be_written_leaves_the_old_file_untouched()
    {
        File.WriteAllText(_folder.File("index"), "old");
        Index.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Index.Save(_folder.File("index")));

        Assert.Equal("old", File.ReadAllText(_folder.File("index")));
        Assert.Equal(["index"], _folder.Names());
    }

    [Fact]
    public void A_read_only_file_is_not_replaced()
    {
        File.WriteAllText(_folder.File("index"), "old");
        File.SetAttributes(_folder.File("index"), FileAttributes.ReadOnly);

        var error = Assert.Throws<UnauthorizedAccessException>(() => Index.Save(_folder.File("index")));

        Assert.Contains(_folder.File("index"), error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(_folder.File("index")));
        Assert.Equal(["index"], _folder.Names());
    }

    [Fact]
    public void A_folder_that_may_not_be_written_is_an_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        if (OperatingSystem.IsWindows())
            return;

        File.WriteAllText(_folder.File("index"), "old");
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        try
        {
            // Root may write everywhere: on Linux one thread can look at files as somebody else.
            AsNobody(() => Assert.Throws<UnauthorizedAccessException>(() => Index.Save(_folder.File("index"))));
        }
        finally
        {
            File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Assert.Equal("old", File.ReadAllText(_folder.File("index")));
        Assert.Equal(["index"], _folder.Names());
    }

    [Fact]
    public void A_full_device_is_an_error_and_stays_a_device()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices are Linux's");
        // First, since otherwise the save would put a file in the place of the machine's device.
        Assert.True(AtomicFile.IsDevice("/dev/full"));
        Assert.False(AtomicFile.IsDevice("/dev/shm/index"));
        Assert.False(AtomicFile.IsDevice("/devices/index"));

        Assert.ThrowsAny<IOException>(() => Index.Save("/dev/full"));
        Assert.ThrowsAny<IOException>(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
            Index.Save(full);
        });
        Index.Save("/dev/null");

        Assert.Equal(0, new FileInfo("/dev/null").Length);
        Assert.DoesNotContain(Directory.GetFiles("/dev"), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_to_a_device_leads_to_the_device()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices are Linux's");
        Assert.True(AtomicFile.IsDevice("/dev/null"));
        File.CreateSymbolicLink(_folder.File("link"), "/dev/null");

        Index.Save(_folder.File("link"));

        Assert.Equal(0, new FileInfo("/dev/null").Length);
    }

    [Fact]
    public void An_exception_of_the_stream_comes_through_as_it_is()
    {
        var thrown = new InvalidTimeZoneException("from the test");
        for (var good = 0; good < 200; good += 37)
        {
            Assert.Same(thrown, Assert.Throws<InvalidTimeZoneException>(() => Index.Save(new FailingStream(good, thrown))));
            Assert.Same(thrown, Assert.Throws<InvalidTimeZoneException>(() => Load(new FailingStream(good, thrown, Bytes()))));
        }

        Assert.Single(Index.Search([1, 1, 1, 1], 1)[0]);
    }

    [Fact]
    public void A_stream_that_gives_a_byte_at_a_time_is_read_whole()
    {
        using var loaded = Load(new FailingStream(int.MaxValue, new InvalidTimeZoneException(), Bytes(), piece: 1));

        Assert.Equal(50, loaded.Count);
    }

    [Fact]
    public void A_stream_is_flushed_and_stays_open()
    {
        using var stream = new MemoryStream();
        using var buffered = new BufferedStream(stream, 1 << 20);

        Index.Save(buffered);

        Assert.Equal(Bytes(), stream.ToArray());
        Assert.True(buffered.CanWrite);
    }

    private protected abstract VectorIndex Create();

    private protected abstract VectorIndex Load(Stream stream);

    private protected abstract VectorIndex Load(string path);

    private byte[] Bytes()
    {
        using var stream = new MemoryStream();
        Index.Save(stream);
        return stream.ToArray();
    }

    [UnsupportedOSPlatform("windows")]
    private static void AsNobody(Action action)
    {
        const int nobody = 65534;
        Exception? failure = null;
        // The identity is that of a thread: one of its own goes away with it.
        var thread = new Thread(() =>
        {
            try
            {
                _ = SetFileSystemUser(nobody);
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
            finally
            {
                _ = SetFileSystemUser(0);
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new InvalidOperationException("As somebody else:", failure);
    }

    // Only root can change it; for anybody else it does nothing, and nothing is needed.
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(int user);

    /// <summary>Fails after some bytes, in either direction.</summary>
    private sealed class FailingStream(int good, Exception failure, byte[]? content = null, int piece = int.MaxValue) : Stream
    {
        private int _position;

        public override bool CanRead => content is not null;

        public override bool CanSeek => false;

        public override bool CanWrite => content is null;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(Span<byte> buffer)
        {
            if (_position >= good)
                throw failure;

            var count = Math.Min(Math.Min(buffer.Length, piece), Math.Min(good - _position, content!.Length - _position));
            content.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _position += buffer.Length;
            if (_position > good)
                throw failure;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>FAISS writes and reads.</summary>
[NeedsNative]
public sealed class NativeSaveTests : SaveTests
{
    private protected override VectorIndex Create() => new IndexFlatL2(4);

    private protected override VectorIndex Load(Stream stream) => FaissIndex.Load(stream);

    private protected override VectorIndex Load(string path) => FaissIndex.Load(path);
}

/// <summary>The managed engine writes and reads.</summary>
public sealed class ManagedSaveTests : SaveTests
{
    private protected override VectorIndex Create() => new FaissNet.Managed.IndexFlatL2(4);

    private protected override VectorIndex Load(Stream stream) => FaissNet.Managed.ManagedIndex.Load(stream);

    private protected override VectorIndex Load(string path) => FaissNet.Managed.ManagedIndex.Load(path);
}
