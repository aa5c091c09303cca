using FaissNet.Tests.Support;

namespace FaissNet.Tests.Gpu;

/// <summary>What holds without a GPU: options, estimates, and what is said where there is no GPU support.</summary>
public sealed class GpuOptionsTests
{
    [Fact]
    public void Options_are_checked_where_they_are_set()
    {
        Refused("Device is -1: expected at least 0.", () => new GpuIndexFlatOptions { Device = -1 });
        Refused("MemorySpace is 0: expected one of GpuMemorySpace's values.", () => new GpuIndexFlatOptions { MemorySpace = 0 });
        Refused("Indices is 9: expected one of GpuIndices's values.", () => new GpuIndexIVFOptions { Indices = (GpuIndices)9 });
        Refused("ReserveVectors is -2: expected at least 0.", () => new GpuIndexIVFPQOptions { ReserveVectors = -2 });
        Refused("MemorySpace is 7: expected one of GpuMemorySpace's values.", () => new GpuClonerOptions { MemorySpace = (GpuMemorySpace)7 });
        Refused("ShardType is 3: expected one of GpuShardType's values.", () => new GpuMultipleClonerOptions { ShardType = (GpuShardType)3 });
        Refused("TemporaryMemory is -1: expected at least 0.", () => new GpuResourcesOptions { TemporaryMemory = -1 });
        Refused("PinnedMemory is -1: expected at least 0.", () => new GpuResourcesOptions { PinnedMemory = -1 });
    }

    [Fact]
    [NeedsNative]
    public void Without_gpu_support_the_message_says_how_to_get_it()
    {
        Assert.SkipWhen(FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu), "this build has GPU support");
        using var index = new IndexFlatL2(4);

        Assert.Equal(0, FaissRuntime.GpuCount);
        Assert.Empty(FaissRuntime.GpuDevices);
        foreach (var call in new Action[] { () => _ = new GpuResources(), () => _ = index.ToAllGpus() })
        {
            var error = Assert.Throws<NotSupportedException>(call);
            Assert.Contains("./eng/build-native.sh --gpu", error.Message, StringComparison.Ordinal);
            Assert.Contains("docs/gpu.md", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [NeedsNative]
    public void Arguments_are_checked_before_native_code_sees_them()
    {
        using var index = new IndexFlatL2(4);

        Assert.Throws<ArgumentNullException>("resources", () => index.ToGpu(null!));
        Assert.Throws<ArgumentNullException>("resources", () => index.ToGpus(null!, [0]));
        Assert.Throws<ArgumentNullException>("devices", () => index.ToGpus([], null!));
        var error = Assert.Throws<ArgumentException>("resources", () => index.ToGpus([], [0]));
        Assert.Contains("There are 0 resources and 1 devices", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>("resources", () => new GpuIndexFlat(null!, 4));
        Assert.Throws<ArgumentNullException>("resources", () => new GpuIndexIVFFlat(null!, 4, 2));
        Assert.Throws<ArgumentNullException>("resources", () => new GpuIndexIVFPQ(null!, 4, 2, 2));
    }

    [Fact]
    [NeedsNative]
    public void The_memory_of_a_flat_index_can_be_estimated()
    {
        using var index = new IndexFlatL2(16);
        index.Add(TestVectors.Uniform(1000, 16, 9, seed: 1));

        // Vectors and their norms, each rounded up to FAISS's 256 bytes.
        Assert.Equal(64_000 + 4096, index.EstimateGpuMemory());
        Assert.Equal(32_000 + 4096, index.EstimateGpuMemory(new GpuClonerOptions { Float16 = true }));
    }

    [Fact]
    [NeedsNative]
    public void Ids_and_tables_count_in_the_estimate_as_they_are_chosen()
    {
        using var index = new IndexIVFPQ(16, 8, 4);
        index.Train(TestVectors.Clustered(600, 16, seed: 1));
        var empty = index.EstimateGpuMemory();

        // 8 lists · 4 sub-quantizers · 256 centroids.
        Assert.Equal(8 * 4 * 256 * 4, index.EstimateGpuMemory(new GpuClonerOptions { PrecomputedTables = true }) - empty);
        Assert.Equal(8 * 4 * 256 * 2, index.EstimateGpuMemory(new GpuClonerOptions { PrecomputedTables = true, Float16 = true }) - empty);

        // 1024 vectors in each list: codes of 4 bytes, and ids.
        Assert.Equal(8 * 1024 * (4 + 8), Reserved(GpuIndices.Bit64));
        Assert.Equal(8 * 1024 * (4 + 4), Reserved(GpuIndices.Bit32));
        Assert.Equal(8 * 1024 * 4, Reserved(GpuIndices.Cpu));

        long Reserved(GpuIndices indices) => index.EstimateGpuMemory(new GpuClonerOptions { ReserveVectors = 8 * 1024, Indices = indices }) - empty;
    }

    [Fact]
    [NeedsNative]
    public void A_type_without_a_gpu_form_is_estimated_at_nothing()
    {
        using var index = IndexFactory.Create(16, "HNSW16");

        Assert.Equal(0, index.EstimateGpuMemory());
    }

    private static void Refused(string message, Func<object> create) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(() => create()).Message, StringComparison.Ordinal);
}
