using System.Runtime.CompilerServices;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>Where an index on a GPU has its memory. FAISS's <c>MemorySpace</c>.</summary>
public enum GpuMemorySpace
{
    /// <summary>The device's own memory.</summary>
    Device = 1,

    /// <summary>CUDA's unified memory, which may be larger than the device's and moves between it and the host as it is used. Needs
    /// compute capability 6.0.</summary>
    Unified = 2,
}

/// <summary>Where IVF indexes on a GPU keep the ids of their vectors. FAISS's <c>IndicesOptions</c>.</summary>
public enum GpuIndices
{
    /// <summary>In host memory: 8 bytes per vector there and none on the device. Searches take longer.</summary>
    Cpu = 0,

    /// <summary>Nowhere. Labels are list·2³² + position in the list, and <see cref="GpuIndex.ToCpu"/> and saving are not possible.</summary>
    Ivf = 1,

    /// <summary>On the device with 32 bits: ids up to 2³¹ - 1.</summary>
    Bit32 = 2,

    /// <summary>On the device with 64 bits.</summary>
    Bit64 = 3,
}

/// <summary>Which vectors of an IVF index go to which device. FAISS's <c>shard_type</c>.</summary>
public enum GpuShardType
{
    /// <summary>Device i of n gets the ids that leave the remainder i when divided by n.</summary>
    IdModulo = 1,

    /// <summary>Device i gets the i-th range of ids.</summary>
    IdRange = 2,
}

/// <summary>What every index that is made on a GPU can be told. FAISS's <c>GpuIndexConfig</c> (<c>faiss/gpu/GpuIndex.h</c>).</summary>
public abstract class GpuIndexOptions
{
    private protected GpuIndexOptions()
    {
    }

    /// <summary>The number of the device, from 0.</summary>
    public int Device
    {
        get;
        init => field = GpuArguments.AtLeastZero(value);
    }

    /// <summary>The memory that the index lies in.</summary>
    public GpuMemorySpace MemorySpace
    {
        get;
        init => field = GpuArguments.Defined(value);
    }
    = GpuMemorySpace.Device;

    /// <summary>Whether to use NVIDIA's cuVS (FAISS 1.8 to 1.9: RAFT): <see langword="null"/> if FAISS was built with it. Devices before compute
    /// capability 7.0 never do.</summary>
    public bool? UseCuvs { get; init; }

    private protected virtual NativeGpuOptions ToNative() => new()
    {
        Device = Device,
        MemorySpace = (int)MemorySpace,
        Indices = (int)GpuIndices.Bit64,
        Cuvs = GpuArguments.Flag(UseCuvs),
        ShardType = (int)GpuShardType.IdModulo,
    };

    internal NativeGpuOptions Native => ToNative();
}

/// <summary>Options of <see cref="GpuIndexFlat"/>. FAISS's <c>GpuIndexFlatConfig</c>.</summary>
public sealed class GpuIndexFlatOptions : GpuIndexOptions
{
    /// <summary>Stores vectors in float16: half the memory, and distances that are less exact.</summary>
    public bool Float16 { get; init; }

    private protected override NativeGpuOptions ToNative() => base.ToNative() with { Float16 = Float16 ? 1 : 0 };
}

/// <summary>Options of <see cref="GpuIndexIVFFlat"/>, and of every IVF index. FAISS's <c>GpuIndexIVFConfig</c>.</summary>
public class GpuIndexIVFOptions : GpuIndexOptions
{
    /// <summary>Where ids are kept.</summary>
    public GpuIndices Indices
    {
        get;
        init => field = GpuArguments.Defined(value);
    }
    = GpuIndices.Bit64;

    /// <summary>Stores the coarse centroids in float16.</summary>
    public bool Float16CoarseQuantizer { get; init; }

    /// <summary>Makes room for so many vectors, spread evenly over the lists. FAISS's <c>reserveMemory</c>.</summary>
    public long ReserveVectors
    {
        get;
        init => field = GpuArguments.AtLeastZero(value);
    }

    private protected override NativeGpuOptions ToNative() => base.ToNative() with
    {
        Indices = (int)Indices,
        Float16Coarse = Float16CoarseQuantizer ? 1 : 0,
        ReserveVectors = ReserveVectors,
    };
}

/// <summary>Options of <see cref="GpuIndexIVFPQ"/>. FAISS's <c>GpuIndexIVFPQConfig</c>.</summary>
public sealed class GpuIndexIVFPQOptions : GpuIndexIVFOptions
{
    /// <summary>Look-up tables in float16: needed for more than 48 sub-quantizers of 8 bits, usually faster, and less exact.</summary>
    public bool Float16LookupTables { get; init; }

    /// <summary>Keeps tables of NList·M·2^nbits values, with which searches by L2 are faster. Without effect for the inner product.</summary>
    public bool PrecomputedTables { get; init; }

    private protected override NativeGpuOptions ToNative() => base.ToNative() with
    {
        Float16 = Float16LookupTables ? 1 : 0,
        PrecomputedTables = PrecomputedTables ? 1 : 0,
    };
}

/// <summary>How an index is taken to a GPU. FAISS's <c>GpuClonerOptions</c>.</summary>
public class GpuClonerOptions
{
    /// <inheritdoc cref="GpuIndexOptions.MemorySpace"/>
    public GpuMemorySpace MemorySpace
    {
        get;
        init => field = GpuArguments.Defined(value);
    }
    = GpuMemorySpace.Device;

    /// <inheritdoc cref="GpuIndexOptions.UseCuvs"/>
    public bool? UseCuvs { get; init; }

    /// <summary>Where IVF indexes keep ids.</summary>
    public GpuIndices Indices
    {
        get;
        init => field = GpuArguments.Defined(value);
    }
    = GpuIndices.Bit64;

    /// <summary>A flat index: vectors in float16. IVFPQ: look-up tables in float16. Others: without effect.</summary>
    public bool Float16 { get; init; }

    /// <inheritdoc cref="GpuIndexIVFPQOptions.PrecomputedTables"/>
    public bool PrecomputedTables { get; init; }

    /// <summary>Makes room for so many vectors in the lists of an empty IVF index.</summary>
    public long ReserveVectors
    {
        get;
        init => field = GpuArguments.AtLeastZero(value);
    }

    /// <summary>Whether a coarse quantizer that FAISS has no GPU form of, such as HNSW, may stay on the CPU.</summary>
    public bool AllowCpuCoarseQuantizer { get; init; }

    internal NativeGpuOptions For(int device) => ToNative() with { Device = device };

    private protected virtual NativeGpuOptions ToNative() => new()
    {
        MemorySpace = (int)MemorySpace,
        Float16 = Float16 ? 1 : 0,
        PrecomputedTables = PrecomputedTables ? 1 : 0,
        Indices = (int)Indices,
        Cuvs = GpuArguments.Flag(UseCuvs),
        CpuCoarse = AllowCpuCoarseQuantizer ? 1 : 0,
        ReserveVectors = ReserveVectors,
        ShardType = (int)GpuShardType.IdModulo,
    };
}

/// <summary>How an index is taken to several GPUs. FAISS's <c>GpuMultipleClonerOptions</c>.</summary>
public sealed class GpuMultipleClonerOptions : GpuClonerOptions
{
    /// <summary><see langword="true"/>: each device holds a part of the vectors, and all are asked for each query, which lets larger
    /// indexes in. <see langword="false"/>: each holds all of them and answers a part of the queries.</summary>
    public bool Shard { get; init; }

    /// <summary>Which vectors of an IVF index go to which device.</summary>
    public GpuShardType ShardType
    {
        get;
        init => field = GpuArguments.Defined(value);
    }
    = GpuShardType.IdModulo;

    private protected override NativeGpuOptions ToNative() => base.ToNative() with { Shard = Shard ? 1 : 0, ShardType = (int)ShardType };
}

/// <summary>Checks that options share.</summary>
internal static class GpuArguments
{
    public static T AtLeastZero<T>(T value, [CallerMemberName] string name = "")
        where T : struct, System.Numerics.INumber<T> =>
        value >= T.Zero ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}: expected at least 0.");

    public static T Defined<T>(T value, [CallerMemberName] string name = "")
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}: expected one of {typeof(T).Name}'s values.");

    public static int Flag(bool? value) => value switch { null => -1, true => 1, false => 0 };
}
