namespace FaissNet.Benchmarks;

/// <summary>Places in the working tree.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Where what the harness makes stays for its next run. Not in git.</summary>
    public static string Work { get; } = Directory.CreateDirectory(Path.Combine(Root, "out", "benchmarks")).FullName;

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FaissNet.sln")))
                return folder.FullName;
        }

        throw new IOException("The harness runs within FaissNet's working tree: no FaissNet.sln above its folder.");
    }
}
