namespace FaissNet.Managed;

// Searching for the k nearest.
public sealed unsafe partial class IndexIVFPQ
{
    private protected override void SearchLists(in ListSearch search)
    {
        var codebook = Codebook();
        if (!codebook.HasByteTables || Lists.BlockSize == 1)
        {
            base.SearchLists(search);
            return;
        }

        var perPass = Math.Min(codebook.QueriesPerPass, search.Count);
        using var scratch = Scratch.Rent();
        var floats = codebook.TableFloats;
        var tables = scratch.Floats(floats * perPass);
        var scaled = scratch.Floats((long)Dimension * perPass);
        var bytes = scratch.Bytes(PqSearch.ScratchBytes(CodeSize));
        for (var first = 0; first < search.Count; first += perPass)
        {
            var count = Math.Min(perPass, search.Count - first);
            FillTables(search.Queries + (long)first * Dimension, count, scaled, tables);
            for (var i = 0; i < count; i++)
                SearchLists(search, first + i, tables + i * floats, bytes);
        }
    }

    private void SearchLists(in ListSearch search, int i, float* table, byte* bytes)
    {
        var nearest = new PqSearch(
            table, CodeSize, bytes, search.Selector, search.Distances + (long)i * search.K, search.Labels + (long)i * search.K, search.K);
        var scanned = 0L;
        for (var p = 0; p < search.NProbe; p++)
        {
            var list = search.Lists[(long)i * search.NProbe + p];
            if (list < 0 || Lists.Size(list) == 0)
                continue;

            nearest.Scan(Blocks(list, search.CoarseDistances[(long)i * search.NProbe + p]));
            scanned += Lists.Size(list);
            if (search.MaxCodes > 0 && scanned >= search.MaxCodes)
                break;
        }
    }

    private PqBlocks Blocks(int list, float coarseDistance) => new()
    {
        Codes = Lists.Codes(list),
        Terms = Lists.Terms(list),
        Ids = Lists.Ids(list),
        Size = Lists.Size(list),
        CodeSize = CodeSize,
        TailStride = InvertedLists.TailStride(Lists.Size(list), PqScan.BlockSize),
        Common = ByResidual ? coarseDistance : 0,
    };
}
