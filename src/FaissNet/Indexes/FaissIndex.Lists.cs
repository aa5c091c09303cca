using FaissNet.Interop;

namespace FaissNet;

// Inverted lists by themselves.
public partial class FaissIndex
{
    /// <inheritdoc/>
    protected override int ListCountCore()
    {
        NativeMethods.faissnet_index_nlist(Handle, out var nlist).ThrowIfFailed();
        return checked((int)nlist);
    }

    /// <inheritdoc/>
    protected override long[] GetListIdsCore(int list)
    {
        var ids = new long[ListSize(list)];
        NativeMethods.faissnet_index_list_read(Handle, list, ids.Length, ids, []).ThrowIfFailed();
        return ids;
    }

    /// <inheritdoc/>
    protected override byte[] GetListCodesCore(int list)
    {
        var size = ListSize(list);
        NativeMethods.faissnet_index_code_size(Handle, out var codeSize).ThrowIfFailed();
        var codes = new byte[checked(size * codeSize)];
        NativeMethods.faissnet_index_list_read(Handle, list, size, [], codes).ThrowIfFailed();
        return codes;
    }

    /// <inheritdoc/>
    protected override void ChooseListsCore(ReadOnlySpan<float> queries, int n, int nprobe, Span<long> lists, Span<float> distances) =>
        NativeMethods.faissnet_index_choose_lists(Handle, n, queries, nprobe, lists, distances).ThrowIfFailed();

    /// <inheritdoc/>
    protected override void SearchListsCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        int nprobe,
        ReadOnlySpan<long> lists,
        ReadOnlySpan<float> listDistances,
        Span<float> distances,
        Span<long> labels) =>
        NativeMethods.faissnet_index_search_lists(Handle, n, queries, k, nprobe, lists, listDistances, distances, labels).ThrowIfFailed();

    private long ListSize(int list)
    {
        NativeMethods.faissnet_index_nlist(Handle, out var nlist).ThrowIfFailed();
        var sizes = new long[nlist];
        NativeMethods.faissnet_index_list_sizes(Handle, nlist, sizes).ThrowIfFailed();
        return sizes[list];
    }
}
