namespace FaissNet.Managed;

// Scanning lists by tables.
public sealed unsafe partial class IndexIVFPQ
{
    // In front of a table: what all codes of the list have in common.
    private const int TableOffset = 16;

    private protected override long ScanFloats => TableOffset + 2 * Codebook().TableFloats + Dimension;

    private protected override void BeginQuery(float* query, float* tables)
    {
        var floats = Codebook().TableFloats;
        if (!NeedsListTables)
            FillTables(query, 1, tables + TableOffset + floats, tables + TableOffset);
        else if (Precomputed() is not null)
            FillTables(query, 1, tables + TableOffset + 2 * floats, tables + TableOffset + floats);
    }

    private protected override void BeginList(float* query, int list, float coarseDistance, float* tables)
    {
        tables[0] = ByResidual ? coarseDistance : 0;
        if (!NeedsListTables)
            return;

        var codebook = Codebook();
        var floats = codebook.TableFloats;
        float* table = tables + TableOffset, ofQuery = table + floats;
        if (Precomputed() is { } precomputed)
        {
            var ofList = precomputed.Pointer + list * floats;
            for (var i = 0L; i < floats; i++)
                table[i] = ofList[i] + ofQuery[i];

            return;
        }

        // ‖q - c - r‖², part by part.
        tables[0] = 0;
        var centroid = Quantizer.Vectors + (long)list * Dimension;
        for (var j = 0; j < Dimension; j++)
            ofQuery[j] = query[j] - centroid[j];

        codebook.Fill<DistanceKernels.SquaredDifference>(ofQuery, table);
    }

    private protected override void ScanCodes(float* query, int list, int first, int count, float* tables, float* distances)
    {
        var codebook = Codebook();
        var table = tables + TableOffset;
        var codes = Lists.Codes(list);
        var terms = Lists.Terms(list);
        if (codebook.HasByteTables && Lists.BlockSize > 1)
        {
            var size = Lists.Size(list);
            var run = stackalloc int[2];
            var rows = PqTable.Whole(table, CodeSize, run);
            for (var i = 0; i < count; i += PqScan.BlockSize)
            {
                var at = first + i;
                var stride = at + PqScan.BlockSize <= size ? PqScan.BlockSize : InvertedLists.TailStride(size, PqScan.BlockSize);
                PqScan.Distances(
                    rows, codes + (long)at * CodeSize, stride, Math.Min(PqScan.BlockSize, count - i), terms is null ? null : terms + at, tables[0],
                    float.PositiveInfinity, distances + i);
            }

            return;
        }

        for (var i = 0; i < count; i++)
        {
            var code = codes + (long)(first + i) * CodeSize;
            var sum = codebook.HasByteTables
                ? PqScan.Sum(code, 1, CodeSize, table)
                : PqScan.SumParts(code, M, NBits, codebook.Width, table);
            distances[i] = sum + (terms is null ? tables[0] : tables[0] + terms[first + i]);
        }
    }

    // One table per query, of -2⟨q,r⟩ or -⟨q,r⟩ or, where codes stand for whole vectors, of squared distances.
    private void FillTables(float* queries, int count, float* scaled, float* tables)
    {
        if (Metric == MetricType.L2 && !ByResidual)
        {
            Codebook().Fill<DistanceKernels.SquaredDifference>(queries, count, tables);
            return;
        }

        // Powers of two: the factor costs no accuracy.
        var factor = Metric == MetricType.InnerProduct ? -1 : -2;
        for (var j = 0; j < count * Dimension; j++)
            scaled[j] = factor * queries[j];

        Codebook().Fill<DistanceKernels.Product>(scaled, count, tables);
    }
}
