using System.Collections.Frozen;

namespace FaissNet.Serialization;

/// <summary>The index types of FAISS by the characters that mark them in a file.</summary>
internal static class IndexTypes
{
    public delegate IndexFileInfo IndexReader(IndexValidator validator, FourCC fourCC);

    /// <summary>FAISS's class, and what checks it: null for types that FAISS reads and the validator does not.</summary>
    public readonly record struct IndexType(string Name, IndexReader? Read);

    private static readonly FrozenDictionary<FourCC, IndexType> s_types = new Dictionary<string, IndexType>
    {
        ["IxF2"] = new("IndexFlatL2", FlatIndexes.ReadFlat),
        ["IxFI"] = new("IndexFlatIP", FlatIndexes.ReadFlat),
        ["IxFl"] = new("IndexFlat", FlatIndexes.ReadFlat),
        ["IxHe"] = new("IndexLSH", FlatIndexes.ReadLsh),
        ["IxHE"] = new("IndexLSH", FlatIndexes.ReadLsh),
        ["IxSQ"] = new("IndexScalarQuantizer", ScalarQuantizerIndexes.Read),

        ["IxPq"] = new("IndexPQ", ProductQuantizerIndexes.Read),
        ["IxPQ"] = new("IndexPQ", ProductQuantizerIndexes.Read),
        ["IxPo"] = new("IndexPQ", ProductQuantizerIndexes.Read),
        ["IPfs"] = new("IndexPQFastScan", ProductQuantizerIndexes.ReadFastScan),
        ["Imiq"] = new("MultiIndexQuantizer", ProductQuantizerIndexes.ReadMultiIndexQuantizer),
        ["Ix2L"] = new("Index2Layer", ProductQuantizerIndexes.ReadTwoLayer),

        ["IxRq"] = new("IndexResidualQuantizer", AdditiveQuantizerIndexes.Read),
        ["IxLS"] = new("IndexLocalSearchQuantizer", AdditiveQuantizerIndexes.Read),
        ["IxPR"] = new("IndexProductResidualQuantizer", AdditiveQuantizerIndexes.Read),
        ["IxPL"] = new("IndexProductLocalSearchQuantizer", AdditiveQuantizerIndexes.Read),
        ["ImRQ"] = new("ResidualCoarseQuantizer", AdditiveQuantizerIndexes.ReadCoarseQuantizer),

        ["IwFl"] = new("IndexIVFFlat", IvfIndexes.ReadFlat),
        ["IvFl"] = new("IndexIVFFlat", IvfIndexes.ReadFlat),
        ["IvFL"] = new("IndexIVFFlat", IvfIndexes.ReadFlat),
        ["IwFd"] = new("IndexIVFFlatDedup", IvfIndexes.ReadFlatDedup),
        ["IwPQ"] = new("IndexIVFPQ", IvfIndexes.ReadProductQuantizer),
        ["IvPQ"] = new("IndexIVFPQ", IvfIndexes.ReadProductQuantizer),
        ["IwQR"] = new("IndexIVFPQR", IvfIndexes.ReadProductQuantizer),
        ["IvQR"] = new("IndexIVFPQR", IvfIndexes.ReadProductQuantizer),
        ["IwSq"] = new("IndexIVFScalarQuantizer", IvfIndexes.ReadScalarQuantizer),
        ["IwSQ"] = new("IndexIVFScalarQuantizer", IvfIndexes.ReadScalarQuantizer),
        ["IvSQ"] = new("IndexIVFScalarQuantizer", IvfIndexes.ReadScalarQuantizer),
        ["IwSh"] = new("IndexIVFSpectralHash", IvfIndexes.ReadSpectralHash),
        ["IwPf"] = new("IndexIVFPQFastScan", IvfIndexes.ReadFastScan),
        ["IwLS"] = new("IndexIVFLocalSearchQuantizer", IvfIndexes.ReadAdditiveQuantizer),
        ["IwRQ"] = new("IndexIVFResidualQuantizer", IvfIndexes.ReadAdditiveQuantizer),
        ["IwPL"] = new("IndexIVFProductLocalSearchQuantizer", IvfIndexes.ReadAdditiveQuantizer),
        ["IwPR"] = new("IndexIVFProductResidualQuantizer", IvfIndexes.ReadAdditiveQuantizer),

        ["IHNf"] = new("IndexHNSWFlat", HnswIndexes.Read),
        ["IHNp"] = new("IndexHNSWPQ", HnswIndexes.Read),
        ["IHNs"] = new("IndexHNSWSQ", HnswIndexes.Read),
        ["IHN2"] = new("IndexHNSW2Level", HnswIndexes.Read),
        ["INSf"] = new("IndexNSGFlat", GraphIndexes.ReadNsg),
        ["INSp"] = new("IndexNSGPQ", GraphIndexes.ReadNsg),
        ["INSs"] = new("IndexNSGSQ", GraphIndexes.ReadNsg),
        ["INNf"] = new("IndexNNDescentFlat", GraphIndexes.ReadNNDescent),

        ["IxPT"] = new("IndexPreTransform", MetaIndexes.ReadPreTransform),
        ["IxMp"] = new("IndexIDMap", MetaIndexes.ReadIdMap),
        ["IxM2"] = new("IndexIDMap2", MetaIndexes.ReadIdMap),
        ["IxRF"] = new("IndexRefine", MetaIndexes.ReadRefine),
        ["IRMf"] = new("IndexRowwiseMinMax", MetaIndexes.ReadRowwiseMinMax),
        ["IRMh"] = new("IndexRowwiseMinMaxFP16", MetaIndexes.ReadRowwiseMinMax),

        // A format of their own: FAISS reads them with read_index_binary.
        ["IBxF"] = new("IndexBinaryFlat", BinaryIndexes.ReadFlat),
        ["IBwF"] = new("IndexBinaryIVF", BinaryIndexes.ReadIvf),
        ["IBHf"] = new("IndexBinaryHNSW", BinaryIndexes.ReadHnsw),
        ["IBMp"] = new("IndexBinaryIDMap", BinaryIndexes.ReadIdMap),
        ["IBM2"] = new("IndexBinaryIDMap2", BinaryIndexes.ReadIdMap),
        ["IBHh"] = new("IndexBinaryHash", BinaryIndexes.ReadHash),
        ["IBHm"] = new("IndexBinaryMultiHash", BinaryIndexes.ReadMultiHash),

        // Known by name only.
        ["IxRQ"] = new("IndexResidualQuantizer", null),
        ["ILfs"] = new("IndexLocalSearchQuantizerFastScan", null),
        ["IRfs"] = new("IndexResidualQuantizerFastScan", null),
        ["IPRf"] = new("IndexProductResidualQuantizerFastScan", null),
        ["IPLf"] = new("IndexProductLocalSearchQuantizerFastScan", null),
        ["IVLf"] = new("IndexIVFLocalSearchQuantizerFastScan", null),
        ["IVRf"] = new("IndexIVFResidualQuantizerFastScan", null),
        ["NPLf"] = new("IndexIVFProductLocalSearchQuantizerFastScan", null),
        ["NPRf"] = new("IndexIVFProductResidualQuantizerFastScan", null),
        // Its codec is rebuilt on loading, in a time that grows steeply with a number in the file.
        ["IxLa"] = new("IndexLattice", null),
        ["IBFf"] = new("IndexBinaryFromFloat", BinaryIndexes.ReadFromFloat),
        // Newer than 1.7.3. The first stands for an index that is not there.
        ["null"] = new("null", null),
        ["IxFP"] = new("IndexFlatL2Panorama", null),
        ["IxFp"] = new("IndexFlatIPPanorama", null),
        ["IwPn"] = new("IndexIVFFlatPanorama", null),
        ["IwP2"] = new("IndexIVFFlatPanorama", null),
        ["IwIQ"] = new("IndexIVFIndependentQuantizer", null),
        ["IxRP"] = new("IndexRefinePanorama", null),
        ["IHNc"] = new("IndexHNSWCagra", null),
        ["IHc2"] = new("IndexHNSWCagra", null),
        ["IHfP"] = new("IndexHNSWFlatPanorama", null),
        ["Ixrq"] = new("IndexRaBitQ", null),
        ["Ixrr"] = new("IndexRaBitQ", null),
        ["Iwrq"] = new("IndexIVFRaBitQ", null),
        ["Iwrr"] = new("IndexIVFRaBitQ", null),
        ["Irfs"] = new("IndexRaBitQFastScan", null),
        ["Irfn"] = new("IndexRaBitQFastScan", null),
        ["Iwrf"] = new("IndexIVFRaBitQFastScan", null),
        ["Iwrn"] = new("IndexIVFRaBitQFastScan", null),
        ["ISVF"] = new("IndexSVSFlat", null),
        ["ISVD"] = new("IndexSVSVamana", null),
        ["ISV2"] = new("IndexSVSVamana", null),
        ["ILVQ"] = new("IndexSVSVamanaLVQ", null),
        ["ISVL"] = new("IndexSVSVamanaLeanVec", null),
        ["ISID"] = new("IndexSVSIVF", null),
        ["ISIQ"] = new("IndexSVSIVFLVQ", null),
        ["ISIL"] = new("IndexSVSIVFLeanVec", null),
    }.ToFrozenDictionary(pair => new FourCC(pair.Key), pair => pair.Value);

    public static bool TryGet(FourCC fourCC, out IndexType type) => s_types.TryGetValue(fourCC, out type);

    public static string NameOf(FourCC fourCC) => TryGet(fourCC, out var type) ? type.Name : fourCC.ToString();
}
