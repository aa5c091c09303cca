using FaissNet.Interop;

namespace FaissNet;

/// <summary>What the native library can do, for <see cref="FaissRuntime.Capabilities"/>.</summary>
[Flags]
public enum FaissCapabilities : long
{
    /// <summary>Nothing beyond what every build has.</summary>
    None = 0,

    /// <summary>Built with FAISS's GPU part.</summary>
    Gpu = 1,

    /// <summary>IVF fast-scan indexes take nprobe per call (FAISS 1.8 and later).</summary>
    FastScanParameters = 2,

    /// <summary>One library holds the kernels of all instruction sets and chooses at run time (FAISS 1.14 and later).</summary>
    DynamicSimd = 4,

    /// <summary>There are <see cref="IndexRaBitQ"/> and <see cref="IndexIVFRaBitQ"/> (FAISS 1.11 and later).</summary>
    RaBitQ = 8,

    /// <summary>A training can be cancelled within products of matrices and decompositions (PCA, OPQ, ITQ), not only between k-means iterations: FAISS is linked in, and
    /// its BLAS is OpenBLAS.</summary>
    StoppableAlgebra = 16,
}

/// <summary>The native library behind this process: its versions, its instruction set, its threads.</summary>
/// <remarks>The first use loads the library. A process that has searched with several threads must not be forked without an exec:
/// OpenMP's threads do not survive it, and the child hangs.</remarks>
public static partial class FaissRuntime
{
    // No member here is initialised once: a library that cannot be loaded would show as a TypeInitializationException.

    /// <summary>The most threads that <see cref="ThreadCount"/> takes.</summary>
    public const int MaxThreadCount = 1024;

    /// <summary>FAISS's version, such as <c>1.14.3</c>.</summary>
    /// <exception cref="DllNotFoundException">The native library was not found, or is that of another FaissNet version.</exception>
    public static string FaissVersion => NativeText.Read(NativeMethods.faissnet_faiss_version);

    /// <summary>The file that was loaded.</summary>
    public static string LibraryPath => NativeLibraryLoader.Path;

    /// <summary>What the library was linked for: <c>generic</c>, <c>avx2</c>, <c>avx512</c>, or <c>dynamic</c> for all of them.</summary>
    public static string Variant => NativeText.Read(NativeMethods.faissnet_variant);

    /// <summary>The instruction set in use: <c>generic</c>, <c>avx2</c> or <c>avx512</c>. The environment variable
    /// <c>FAISSNET_SIMD</c> chooses another one than the processor's best.</summary>
    public static string SimdLevel => NativeText.Read(NativeMethods.faissnet_get_simd_level);

    /// <summary>FAISS's own description of its build. FAISS's <c>get_compile_options</c>.</summary>
    public static string CompileOptions => NativeText.Read(NativeMethods.faissnet_compile_options).Trim();

    /// <summary>The BLAS that is linked in, as it describes itself.</summary>
    public static string Blas => NativeText.Read(NativeMethods.faissnet_blas_info).Trim();

    /// <summary>What this build can do. A call for what it cannot throws <see cref="NotSupportedException"/>.</summary>
    public static FaissCapabilities Capabilities
    {
        get
        {
            NativeMethods.faissnet_capabilities(out var bits).ThrowIfFailed();
            return (FaissCapabilities)bits;
        }
    }

    /// <summary>
    /// The threads that FAISS and its BLAS use, whichever thread calls: one setting for OpenMP and BLAS, and when it is set also for the
    /// managed engine (<see cref="Managed.ManagedThreads.Count"/>). Starts at <c>OMP_NUM_THREADS</c>, or the processors that this process may
    /// use. FAISS's <c>omp_set_num_threads</c>.
    /// </summary>
    /// <remarks>Searches of several queries that run at once divide them. FAISS splits a batch by its threads, so that the last bit of a distance may
    /// depend on them, and on who else is searching; with 1 it does not.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1 or more than <see cref="MaxThreadCount"/>.</exception>
    public static int ThreadCount
    {
        get
        {
            NativeMethods.faissnet_get_thread_count(out var threads).ThrowIfFailed();
            return threads;
        }

        set
        {
            if (value is < 1 or > MaxThreadCount)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"ThreadCount is {value}: expected 1 to {MaxThreadCount}.");

            NativeMethods.faissnet_set_thread_count(value).ThrowIfFailed();
            Managed.ManagedThreads.Count = value;
        }
    }

    /// <summary>Native objects that are alive: a figure to watch for leaks.</summary>
    public static long LiveHandles
    {
        get
        {
            NativeMethods.faissnet_live_handles(out var count).ThrowIfFailed();
            return count;
        }
    }

    /// <summary>Native objects that the garbage collector freed because nobody disposed their index: late, and a sign of a missing
    /// <c>using</c>.</summary>
    public static long ForgottenHandles => NativeHandle.ForgottenCount;

    /// <summary>Where <see cref="ForgottenHandles"/> were made, one stack trace for each, if the environment variable
    /// <c>FAISSNET_TRACE_HANDLES</c> is 1 when the process makes its first; otherwise empty, since a stack trace for each handle costs
    /// time.</summary>
    public static IReadOnlyCollection<string> ForgottenHandleOrigins => NativeHandle.ForgottenOrigins;
}
