using FaissNet.Managed;

namespace FaissNet.Serialization;

/// <summary>
/// Deep copies. Wrappers are copied part by part, since some parts are more than what files hold of them (an OPQ that is not trained is a
/// matrix there); what is left goes through the form that it has in files, in memory.
/// </summary>
internal static class IndexCopier
{
    /// <summary>A copy with settings that no file holds included. A mapped index is copied into memory.</summary>
    public static ManagedIndex Copy(ManagedIndex index)
    {
        var copy = index switch
        {
            IndexPreTransform transformed => CopyPreTransform(transformed),
            IndexIDMap map => IndexLoader.IdMap(map is IndexIDMap2, Copy(map.Index), map.Ids),
            IndexRefine refine => IndexLoader.Refine(Copy(refine.Base), Copy(refine.Refine), refine.KFactor),
            _ => CopyContent(index),
        };
        copy.Restore(index.Count, index.IsTrained);
        return copy;
    }

    private static IndexPreTransform CopyPreTransform(IndexPreTransform index)
    {
        var chain = new VectorTransform[index.Chain.Length];
        for (var i = 0; i < chain.Length; i++)
            chain[i] = index.Chain[i].Clone();

        return new IndexPreTransform(chain, Copy(index.Index));
    }

    private static ManagedIndex CopyContent(ManagedIndex index)
    {
        using var stream = new SegmentedStream();
        IndexWriter.Write(index, stream);
        stream.Position = 0;
        var copy = IndexLoader.Build(stream, null, null, default);
        copy.CopySettings(index);
        return copy;
    }
}
