using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Parts that are merged find what the whole finds.</summary>
public sealed class MergeCases
{
    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8", "PCA16,IVF8,Flat")]
    [Restates("test_merge_index.py", "TestMerge1.test_merge")]
    [Restates("test_merge.cpp", "MERGE.merge_flat_no_ids", "MERGE.merge_flat_vt")]
    public void Three_parts_with_lists_find_what_Python_finds_in_the_whole(string engine, string key) => MergeThirds(engine, key, "whole 7", 7);

    [Theory]
    [Engines("Flat", "PQ8x4np", "SQ4", "PCA16,SQ4")]
    [Restates("test_merge_index.py",
        "TestMerge2.test_merge_IndexFlat", "TestMerge2.test_merge_IndexPQ", "TestMerge2.test_merge_IndexScalarQuantizer", "TestMerge2.test_merge_PreTransform")]
    public void Three_parts_of_codes_find_what_Python_finds_in_the_whole(string engine, string key) => MergeThirds(engine, key, "whole", 0);

    [Theory]
    [Engines("IDMap,Flat", "IDMap2,Flat", "IVF8,Flat")]
    [Restates("test_merge_index.py", "TestMerge2.test_merge_IDMap", "TestMerge2.test_merge_IDMap2")]
    [Restates("test_merge.cpp", "MERGE.merge_flat")]
    public void Ids_that_were_given_are_kept(string engine, string key)
    {
        var parts = new[] { (0, 200), (200, 150), (350, 150) }.Select(part =>
        {
            var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
            index.AddWithIds(Given.Rows(Given.Base, part.Item1, part.Item2), Given.Ids.AsSpan(part.Item1, part.Item2));
            return index;
        }).ToArray();

        parts[0].MergeFrom(parts[1], 0);
        parts[0].MergeFrom(parts[2], 0);

        var found = parts[0].Search(Given.Asked, Given.K);
        Given.AssertFound(PythonFaiss.Floats($"{key} with ids D"), PythonFaiss.Longs($"{key} with ids I"), found);
        foreach (var part in parts)
            part.Dispose();
    }

    [Theory]
    [InlineData("PQ8x4fs", 320)]
    [InlineData("PQ8x4fs", 310)]
    [InlineData("PQ16x4fs", 250)]
    [InlineData("IVF8,PQ8x4fs", 123)]
    [Restates("test_merge_index.py",
        "TestMerge2.test_merge_IndexFastScan_complete_block", "TestMerge2.test_merge_IndexFastScan_not_complete_block",
        "TestMerge2.test_merge_IndexFastScan_even_M", "TestMerge2.test_merge_IVFFastScan")]
    public void Blocks_are_joined_wherever_one_ends(string key, int first)
    {
        using var index = Given.Trained(Given.Managed, key);
        using var other = Given.Trained(Given.Managed, key);
        index.Add(Given.Rows(Given.Base, 0, first));
        other.Add(Given.Rows(Given.Base, first, Given.Count - first));

        index.MergeFrom(other);

        Assert.Equal((Given.Count, 0), (index.Count, other.Count));
        Given.Probe(index, key, Given.NList);
        // Codes are what was encoded, so this is the definition's answer and not another search's.
        var stored = index.Decode(index.Encode(Given.Base));
        Given.AssertNearest(MetricType.L2, stored, Given.Asked, index.Search(Given.Asked, Given.K), tolerance: 1e-4);
    }

    // FAISS's own search rounds distances, so here the definition is that of merging.
    [Theory]
    [InlineData("PQ8x4fs", 320)]
    [InlineData("PQ8x4fs", 310)]
    [InlineData("PQ16x4fs", 250)]
    [InlineData("IVF8,PQ8x4fs", 123)]
    [InlineData("IVF8,PQ8x4fsr", 250)]
    [NeedsNative]
    public void Blocks_of_FAISSs_are_joined_as_if_all_had_been_added(string key, int first)
    {
        using var whole = (FaissIndex)Given.Trained(Given.Native, key);
        using var index = (FaissIndex)whole.Clone();
        using var other = (FaissIndex)whole.Clone();
        whole.Add(Given.Rows(Given.Base, 0, first));
        whole.Add(Given.Rows(Given.Base, first, Given.Count - first));
        index.Add(Given.Rows(Given.Base, 0, first));
        other.Add(Given.Rows(Given.Base, first, Given.Count - first));

        index.MergeFrom(other);

        Assert.Equal((Given.Count, 0), (index.Count, other.Count));
        Given.Probe(index, key, Given.NList);
        Given.Probe(whole, key, Given.NList);
        var (expected, found) = (whole.Search(Given.Asked, Given.K), index.Search(Given.Asked, Given.K));
        Assert.Equal(expected.Distances, found.Distances);
        Assert.Equal(expected.Labels, found.Labels);
    }

    [Theory]
    [Engines("IVF8,Flat", "PCA16,IVF8,Flat")]
    [Restates("test_sliding_ivf.cpp", "SlidingWindow.IVFFlat", "SlidingWindow.PCAIVFFlat")]
    public void A_window_slides_over_slices(string engine, string key)
    {
        const int slices = 10, size = 40, window = 4;
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        for (var step = 0; step < slices + window; step++)
        {
            if (step < slices)
            {
                using var slice = Given.Load(engine, PythonFaiss.File($"{key} L2"));
                slice.AddWithIds(Given.Rows(Given.Base, step * size, size), [.. Enumerable.Range(step * size, size).Select(i => (long)i)]);
                index.MergeFrom(slice, 0);
            }

            if (step >= window)
                Assert.Equal(size, index.Remove(IdSelector.Range((step - window) * size, (step - window + 1) * size)));

            var (first, end) = (Math.Max(0, step - window + 1) * size, Math.Min(slices, step + 1) * size);
            Assert.Equal(end - first, index.Count);
            var found = index.Search(Given.Asked, 5, new SearchParameters { NProbe = Given.NList });
            if (first < end && key == "IVF8,Flat")
            {
                var ids = Enumerable.Range(first, end - first).Select(i => (long)i).ToArray();
                Given.AssertNearest(MetricType.L2, Given.Rows(Given.Base, first, end - first), Given.Asked, found, ids);
            }

            Assert.All(found.Labels, id => Assert.InRange(id, first, end - 1));
        }
    }

    private static void MergeThirds(string engine, string key, string expected, int nprobe)
    {
        using var index = Part(0, 166);
        using var second = Part(166, 167);
        using var third = Part(333, 167);

        index.MergeFrom(second);
        index.MergeFrom(third);

        Assert.Equal((Given.Count, 0, 0), (index.Count, second.Count, third.Count));
        if (nprobe > 0)
            index.SetParameter("nprobe", nprobe);

        Given.AssertFound(PythonFaiss.Floats($"{key} {expected} D"), PythonFaiss.Longs($"{key} {expected} I"), index.Search(Given.Asked, Given.K));

        VectorIndex Part(int first, int count)
        {
            var part = Given.Load(engine, PythonFaiss.File($"{key} L2"));
            part.Add(Given.Rows(Given.Base, first, count));
            return part;
        }
    }
}
