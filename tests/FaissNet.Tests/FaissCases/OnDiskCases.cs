using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.FaissCases;

/// <summary>Lists in files, and lists that are views of others: FAISS's own engine.</summary>
[NeedsNative]
public sealed class OnDiskCases : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Restates("test_ondisk_ivf.cpp", "ONDISK.test_add")]
    public void Vectors_that_are_added_on_disk_are_found_as_those_in_memory()
    {
        using var expected = (FaissIndex)Given.Filled(Given.Native, "IVF8,Flat");
        using var index = (FaissIndex)Given.Trained(Given.Native, "IVF8,Flat");
        index.MoveListsToDisk(_folder.File("lists"));

        index.Add(Given.Base);

        index.Save(_folder.File("index"));
        using var loaded = FaissIndex.Load(_folder.File("index"));
        using var managed = M.ManagedIndex.Load(_folder.File("index"));
        var reference = expected.Search(Given.Asked, Given.K);
        foreach (var one in new VectorIndex[] { index, loaded })
        {
            Assert.Equal(reference.Distances, one.Search(Given.Asked, Given.K).Distances);
            Assert.Equal(reference.Labels, one.Search(Given.Asked, Given.K).Labels);
        }

        Given.AssertFound(reference.Distances, reference.Labels, managed.Search(Given.Asked, Given.K));
    }

    [Fact]
    [Restates("test_ondisk_ivf.cpp", "ONDISK.make_invlists")]
    public void Each_code_lies_in_its_list_on_disk_under_its_id()
    {
        using var index = (IndexIVF)Given.Trained(Given.Native, "IVF8,SQ8");
        index.MoveListsToDisk(_folder.File("lists"));
        var size = index.EncodedSize;
        var random = new Random(1);
        const int count = 20_000;
        var codes = new byte[count * size];
        var lists = new int[count];
        for (var i = 0; i < count; i++)
        {
            // Few lists get most of them; of the code the first bytes say which one it is.
            var part = random.NextDouble();
            lists[i] = (int)(Given.NList * part * part);
            codes[i * size] = (byte)lists[i];
            BitConverter.TryWriteBytes(codes.AsSpan(i * size + 1), i);
        }

        for (var first = 0; first < count; first += 1000)
            index.AddCodes(codes.AsSpan(first * size, 1000 * size));

        var total = 0;
        for (var list = 0; list < Given.NList; list++)
        {
            var (ids, stored) = (index.GetListIds(list), index.GetListCodes(list));
            for (var j = 0; j < ids.Length; j++)
            {
                Assert.Equal(list, lists[ids[j]]);
                Assert.Equal(ids[j], BitConverter.ToInt32(stored, j * (size - 1)));
            }

            total += ids.Length;
        }

        Assert.Equal(count, total);
    }

    [Fact]
    [Restates("test_index_composite.py", "TestRemove.test_remove_ondisk")]
    public void What_was_merged_in_on_disk_can_be_removed_again()
    {
        using var index = (FaissIndex)Given.Trained(Given.Native, "IVF8,Flat");
        using var other = (FaissIndex)index.Clone();
        index.MoveListsToDisk(_folder.File("lists"));
        RemoveCases.AssertMergedCanBeRemoved(index, other);
    }

    [Fact]
    [Restates("test_index_composite.py", "TestRenameOndisk.test_rename")]
    public void Files_that_moved_together_are_found_beside_each_other()
    {
        using var index = (FaissIndex)Given.Filled(Given.Native, "IVF8,Flat");
        index.MoveListsToDisk(_folder.File("aa.ondisk"));
        var expected = index.Search(Given.Asked, Given.K);
        index.Save(_folder.File("aa.ivf"));
        Directory.CreateDirectory(_folder.File("1"));
        foreach (var name in new[] { "aa.ondisk", "aa.ivf" })
            File.Move(_folder.File(name), Path.Combine(_folder.File("1"), name));

        using var loaded = FaissIndex.Load(Path.Combine(_folder.File("1"), "aa.ivf"));

        Assert.Equal(expected.Labels, loaded.Search(Given.Asked, Given.K).Labels);
    }

    [Fact]
    [Restates("test_index_composite.py", "TestInvlistMeta.test_slice_vstack")]
    public void Slices_one_behind_the_other_are_the_whole()
    {
        using var whole = (IndexIVF)Given.Filled(Given.Native, "IVF8,Flat");
        ListRun[] slices = [.. new[] { (0, 3), (3, 3), (6, 2) }.Select(slice => new ListRun(whole) { First = slice.Item1, Count = slice.Item2, At = slice.Item1 })];

        using var index = whole.ViewLists(slices);

        Assert.Equal(Given.Count, index.Count);
        foreach (var nprobe in new[] { 1, 4, Given.NList })
        {
            var parameters = new SearchParameters { NProbe = nprobe };
            var (expected, found) = (whole.Search(Given.Asked, Given.K, parameters), index.Search(Given.Asked, Given.K, parameters));
            Assert.Equal(expected.Distances, found.Distances);
            Assert.Equal(expected.Labels, found.Labels);
        }
    }

    [Fact]
    [Restates("test_index_composite.py", "TestInvlistMeta.test_stop_words")]
    public void A_list_that_grew_too_long_is_not_searched_any_more()
    {
        var query = Given.Rows(Given.Asked, 0, 1);
        using var index = (IndexIVF)Given.Filled(Given.Native, "IVF8,Flat");
        index.NProbe = 4;
        var longest = (int)index.GetListSizes().Max();
        var expected = index.Search(query, Given.K);
        using (var all = InvertedListViews.StopWords(index, longest + 1))
            Assert.Equal(expected.Labels, all.Search(query, Given.K).Labels);

        // The nearest, again and again, into the list that it lies in.
        var id = expected.Labels[0];
        for (var i = 0; i < longest + 10; i++)
            index.Add(Given.Rows(Given.Base, [id]));

        using var words = InvertedListViews.StopWords(index, longest + 1);
        Assert.DoesNotContain(id, words.Search(query, Given.K).Labels);
    }
}
