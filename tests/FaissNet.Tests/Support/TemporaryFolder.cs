namespace FaissNet.Tests.Support;

/// <summary>A new folder that goes away with all its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("faissnet-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string[] Names() => [.. Directory.EnumerateFileSystemEntries(Path).Select(entry => System.IO.Path.GetFileName(entry)!).Order()];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
