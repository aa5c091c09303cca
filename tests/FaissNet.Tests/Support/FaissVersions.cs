namespace FaissNet.Tests.Support;

/// <summary>What FAISS came to do differently, by the version that the native library was built over.</summary>
internal static class FaissVersions
{
    /// <summary><c>max_codes</c> cuts the last list short; before it is rounded up to whole lists.</summary>
    public static bool CutsLists => IsAtLeast(7, 4);

    /// <summary>k-means ends early where an iteration changes nothing.</summary>
    public static bool StopsEarly => IsAtLeast(14, 2);

    /// <summary>No additive quantizer can be read before it is trained; before, local search quantizers can.</summary>
    public static bool ReadsNoUntrainedCodebooks => IsAtLeast(14, 2);

    /// <summary>Whether this is FAISS 1.<paramref name="minor"/>.<paramref name="patch"/> or later.</summary>
    public static bool IsAtLeast(int minor, int patch = 0) => Version.Parse(FaissRuntime.FaissVersion) >= new Version(1, minor, patch);
}
