using FaissNet.Managed;

namespace FaissNet.Serialization;

/// <summary>Writes managed indexes in FAISS's format.</summary>
internal static class IndexWriter
{
    public static void Write(ManagedIndex index, Stream stream) =>
        throw new NotSupportedException($"{index.TypeName} cannot be saved.");

    public static VectorIndex Copy(ManagedIndex index) => throw new NotSupportedException($"{index.TypeName} cannot be copied.");
}
