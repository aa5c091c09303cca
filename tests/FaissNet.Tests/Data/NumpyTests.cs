using System.Diagnostics;
using System.Globalization;
using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Data;

/// <summary>NumPy itself as the other side.</summary>
public sealed class NumpyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_numpy_saves_is_read()
    {
        Python($$"""
            import numpy as np, gzip, shutil
            x = (np.arange(5 * 7) % 250).reshape(5, 7)
            for dtype in ('f4', 'f8', 'u1'):
                np.save('{{_folder.Path}}/' + dtype + '.npy', x.astype(dtype))
                for version in ((1, 0), (2, 0), (3, 0)):
                    with open('{{_folder.Path}}/%s-%d.npy' % (dtype, version[0]), 'wb') as f:
                        np.lib.format.write_array(f, x.astype(dtype), version=version)
            with open('{{_folder.Path}}/f4.npy', 'rb') as f, gzip.open('{{_folder.Path}}/zipped.npy.gz', 'wb') as g:
                shutil.copyfileobj(f, g)
            """);
        var files = _folder.Names();
        Assert.Equal(13, files.Length);
        var expected = Enumerable.Range(0, 35).Select(i => (float)i).ToArray();
        foreach (var name in files)
        {
            var set = VectorFile.ReadAll(_folder.File(name));
            Assert.Equal((5, 7), (set.Count, set.Dimension));
            Assert.Equal(expected, set.Values);
        }
    }

    [Fact]
    public void What_is_written_numpy_loads()
    {
        VectorFile.Write(_folder.File("x.npy"), [0.5f, -2, 3e38f, 4, 5, 6], 3);
        NeighborFile.Write(_folder.File("i.npy"), [1L << 40, -1], 1);
        var said = Python($"""
            import numpy as np
            x = np.load('{_folder.File("x.npy")}'); i = np.load('{_folder.File("i.npy")}')
            print(x.dtype.str, x.shape, x.flags.c_contiguous, [float(v) for v in x.ravel()])
            print(i.dtype.str, i.shape, i.ravel().tolist())
            """);
        var largest = ((double)3e38f).ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        Assert.Equal($"<f4 (2, 3) True [0.5, -2.0, {largest}, 4.0, 5.0, 6.0]\n<i8 (2, 1) [1099511627776, -1]\n", said);
    }

    public void Dispose() => _folder.Dispose();

    private static string Python(string script)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("FAISSNET_SKIP_PYTHON") == "1", "FAISSNET_SKIP_PYTHON is 1.");
        var python = Environment.GetEnvironmentVariable("FAISSNET_PYTHON") is { Length: > 0 } named ? named
            : File.Exists("/usr/bin/python3") ? "/usr/bin/python3"
            : "python3";
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{python} ended with {process.ExitCode} (apt install python3-faiss brings NumPy).\n{errors.Result}");
        return output.Result;
    }
}
