namespace FaissNet.Tests.FaissCases;

/// <summary>Names tests of FAISS's own (github.com/facebookresearch/faiss, tests/, versions 1.7.3 and 1.14.3) whose case a test of ours states
/// again: same situation, own words, expected values from the definition or from Python's faiss.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class RestatesAttribute(string file, params string[] tests) : Attribute
{
    public string File => file;

    public IReadOnlyList<string> Tests => tests;
}
