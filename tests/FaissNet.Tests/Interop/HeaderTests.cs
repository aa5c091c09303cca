using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using FaissNet.Interop;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Interop;

/// <summary>The native header is the truth: the C# side declares the same functions, types and constants.</summary>
public sealed partial class HeaderTests
{
    private static readonly string Header = Comments().Replace(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "faissnet.h")), "");

    private static readonly Dictionary<string, (string Result, string[] Parameters)> Functions = Exports().Matches(Header).ToDictionary(
        match => match.Groups["name"].Value,
        match => (match.Groups["result"].Value, SplitParameters(match.Groups["parameters"].Value)));

    private static readonly Dictionary<string, MethodInfo> Imports = typeof(NativeMethods)
        .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(method => method.Name.StartsWith("faissnet_", StringComparison.Ordinal))
        .ToDictionary(method => method.Name);

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Fact]
    public void Every_function_is_imported_once_and_every_import_exists()
    {
        Assert.True(Functions.Count > 40, $"only {Functions.Count} functions were read");
        Assert.Equal(Functions.Keys.Order(), Imports.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_import_has_the_functions_types(string name)
    {
        var (result, parameters) = Functions[name];
        var import = Imports[name];

        Assert.Equal(result == "void" ? typeof(void) : typeof(NativeStatus), import.ReturnType);
        Assert.Equal(parameters.Length, import.GetParameters().Length);
        foreach (var (c, parameter) in parameters.Zip(import.GetParameters()))
        {
            var actual = Describe(parameter);
            Assert.True(Allowed(c).Contains(actual), $"{name}: '{c}' is declared as '{actual}', expected {string.Join(" or ", Allowed(c))}");
        }
    }

    [Fact]
    public void The_versions_are_the_same() =>
        Assert.Equal(NativeMethods.AbiVersion, Constant("FAISSNET_ABI_VERSION"));

    [Fact]
    [NeedsNative]
    public void The_loaded_library_speaks_that_version()
    {
        NativeMethods.faissnet_abi_version(out var version).ThrowIfFailed();

        Assert.Equal(NativeMethods.AbiVersion, version);
    }

    [Fact]
    public void Every_status_has_its_value()
    {
        var c = Constants("FAISSNET_").Where(pair => pair.Key is "OK" || StatusNames().Contains(pair.Key));

        Assert.Equal(
            c.Select(pair => (pair.Key.Replace("_", "", StringComparison.Ordinal), pair.Value)).OrderBy(pair => pair.Value),
            Enum.GetValues<NativeStatus>().Select(value => (value.ToString().ToUpperInvariant(), (int)value)));

        // The first enum of the header is that of the statuses.
        static HashSet<string> StatusNames() =>
            [.. EnumEntries().Matches(Header[Header.IndexOf("enum {", StringComparison.Ordinal)..Header.IndexOf("};", StringComparison.Ordinal)])
                .Select(match => match.Groups["name"].Value["FAISSNET_".Length..])];
    }

    [Fact]
    public void Every_metric_has_its_value() => AssertEnum<MetricType>("FAISSNET_METRIC_");

    [Fact]
    public void Every_capability_has_its_value()
    {
        var names = Enum.GetValues<FaissCapabilities>().Where(value => value != FaissCapabilities.None)
            .ToDictionary(value => value.ToString().ToUpperInvariant(), value => (int)value);

        Assert.Equal(
            Constants("FAISSNET_CAPABILITY_").Select(pair => (pair.Key.Replace("_", "", StringComparison.Ordinal), pair.Value)).Order(),
            names.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public void Selectors_have_their_kinds()
    {
        var kinds = typeof(NativeSelector).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => (field.Name.ToUpperInvariant(), (int)field.GetRawConstantValue()!));

        Assert.Equal(Constants("FAISSNET_SELECT_").Select(pair => (pair.Key, pair.Value)).Order(), kinds.Order());
    }

    [Fact]
    public void Every_kind_of_index_and_of_part_has_its_value()
    {
        AssertEnum<IndexKind>("FAISSNET_KIND_");
        AssertEnum<IndexPart>("FAISSNET_PART_");
        AssertEnum<ListChoice>("FAISSNET_LISTS_");
    }

    [Theory]
    [NeedsNative]
    [InlineData("NSG8", "Other", typeof(FaissIndex))]
    [InlineData("Flat", "Flat", typeof(IndexFlatL2))]
    [InlineData("IVF2,Flat", "IvfFlat", typeof(IndexIVFFlat))]
    [InlineData("IVF2,PQ2x4np", "IvfPq", typeof(IndexIVFPQ))]
    [InlineData("IVF2,PQ2x4fs", "IvfPqFastScan", typeof(IndexIVFPQFastScan))]
    [InlineData("IVF2,SQ8", "IvfScalarQuantizer", typeof(IndexIVFScalarQuantizer))]
    [InlineData("IVF2,RQ2x4", "IvfResidualQuantizer", typeof(IndexIVFResidualQuantizer))]
    [InlineData("IVF2,LSQ2x4", "IvfLocalSearchQuantizer", typeof(IndexIVFLocalSearchQuantizer))]
    [InlineData("IVF2,PRQ2x2x4", "IvfProductResidualQuantizer", typeof(IndexIVFProductResidualQuantizer))]
    [InlineData("IVF2,PLSQ2x2x4", "IvfProductLocalSearchQuantizer", typeof(IndexIVFProductLocalSearchQuantizer))]
    [InlineData("IVF2,PQ2+2", "IvfPqr", typeof(IndexIVFPQR))]
    [InlineData("PQ2x4", "Pq", typeof(IndexPQ))]
    [InlineData("PQ2x4fs", "PqFastScan", typeof(IndexPQFastScan))]
    [InlineData("SQ8", "ScalarQuantizer", typeof(IndexScalarQuantizer))]
    [InlineData("RQ2x4", "ResidualQuantizer", typeof(IndexResidualQuantizer))]
    [InlineData("LSQ2x4", "LocalSearchQuantizer", typeof(IndexLocalSearchQuantizer))]
    [InlineData("PRQ2x2x4", "ProductResidualQuantizer", typeof(IndexProductResidualQuantizer))]
    [InlineData("PLSQ2x2x4", "ProductLocalSearchQuantizer", typeof(IndexProductLocalSearchQuantizer))]
    [InlineData("LSH", "Lsh", typeof(IndexLSH))]
    [InlineData("HNSW8", "HnswFlat", typeof(IndexHNSWFlat))]
    [InlineData("HNSW8,SQ8", "HnswSq", typeof(IndexHNSWSQ))]
    [InlineData("HNSW8,PQ2", "HnswPq", typeof(IndexHNSWPQ))]
    [InlineData("PCA2,Flat", "PreTransform", typeof(IndexPreTransform))]
    [InlineData("IDMap,Flat", "IdMap", typeof(IndexIDMap))]
    [InlineData("IDMap2,Flat", "IdMap2", typeof(IndexIDMap2))]
    [InlineData("Flat,Refine(SQ8)", "Refine", typeof(IndexRefine))]
    [InlineData("SQ8,RFlat", "RefineFlat", typeof(IndexRefineFlat))]
    [InlineData("IVF2,FlatDedup", "Other", typeof(FaissIndex))]
    public void Kinds_become_their_classes(string description, string kind, Type expected)
    {
        using var index = IndexFactory.Create(4, description);

        NativeMethods.faissnet_index_kind(index.Handle, out var value).ThrowIfFailed();

        Assert.Equal(Enum.Parse<IndexKind>(kind), (IndexKind)value);
        Assert.Equal(expected, index.GetType());
    }

    [Fact]
    public void Gpu_options_have_their_values()
    {
        AssertEnum<GpuMemorySpace>("FAISSNET_GPU_MEMORY_");
        AssertEnum<GpuIndices>("FAISSNET_GPU_INDICES_");
    }

    [Theory]
    [InlineData("faissnet_gpu_options", typeof(NativeGpuOptions))]
    [InlineData("faissnet_list_run", typeof(NativeListRun))]
    [InlineData("faissnet_monitor", typeof(NativeMonitor))]
    [InlineData("faissnet_selector", typeof(NativeSelector))]
    [InlineData("faissnet_search_parameters", typeof(NativeSearchParameters))]
    [InlineData("faissnet_clustering_parameters", typeof(NativeClusteringParameters))]
    [InlineData("faissnet_iteration_stats", typeof(NativeIterationStats))]
    [InlineData("faissnet_statistics", typeof(NativeStatistics))]
    [InlineData("faissnet_index_spec", typeof(NativeIndexSpec))]
    public void Structs_have_the_same_fields(string name, Type type)
    {
        var body = Regex.Match(Header, $@"typedef struct {name} \{{(?<body>[^}}]*)\}}").Groups["body"].Value;
        var expected = body.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(field => field[..field.LastIndexOf(' ')].Trim() switch
            {
                "int32_t" => typeof(int),
                "int64_t" => typeof(long),
                "double" => typeof(double),
                "const int64_t*" => typeof(long*),
                "const uint8_t*" => typeof(byte*),
                "const int32_t*" => typeof(int*),
                "const faissnet_selector*" or "const struct faissnet_selector*" => typeof(NativeSelector*),
                "void*" or "struct faissnet_index*" or "const faissnet_index*" => typeof(void*),
                "faissnet_select_fn" => typeof(delegate* unmanaged<void*, long, int>),
                "faissnet_monitor_fn" => typeof(delegate* unmanaged<void*, int, long, long, int>),
                var other => throw new InvalidOperationException($"no rule for the field type {other}"),
            });

        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public).OrderBy(field => Marshal.OffsetOf(type, field.Name));
        Assert.Equal(expected, fields.Select(field => field.FieldType));
    }

    // The C# forms in which a C parameter may be declared.
    private static string[] Allowed(string c) => c[..c.LastIndexOf(' ')] switch
    {
        "int32_t" => ["Int32"],
        "int64_t" => ["Int64"],
        "float" => ["Single"],
        "double" => ["Double"],
        "int32_t*" => ["out Int32", "Span<Int32>"],
        "int64_t*" => ["out Int64", "Span<Int64>"],
        "float*" => ["Span<Single>"],
        "double*" => ["out Double"],
        "char*" => ["Span<Byte>"],
        "const char*" => ["String"],
        "uint8_t*" => ["Span<Byte>"],
        "const uint8_t*" => ["ReadOnlySpan<Byte>"],
        "const float*" => ["ReadOnlySpan<Single>", "Single*"],
        "const int64_t*" => ["ReadOnlySpan<Int64>"],
        "const int64_t**" => ["out Int64*"],
        "const float**" => ["out Single*"],
        "void*" => ["Void*"],
        "const faissnet_index*" => ["FaissIndexHandle"],
        // Frees take what ReleaseHandle has.
        "faissnet_index*" => ["FaissIndexHandle", "IntPtr"],
        "faissnet_index**" => ["out FaissIndexHandle"],
        "const faissnet_index* const*" => ["IntPtr*"],
        "const faissnet_binary_index*" => ["BinaryIndexHandle"],
        "faissnet_binary_index*" => ["BinaryIndexHandle", "IntPtr"],
        "faissnet_binary_index**" => ["out BinaryIndexHandle"],
        "faissnet_pq*" or "const faissnet_pq*" => ["ProductQuantizerHandle", "IntPtr"],
        "faissnet_pq**" => ["out ProductQuantizerHandle"],
        "faissnet_sq*" or "const faissnet_sq*" => ["ScalarQuantizerHandle", "IntPtr"],
        "faissnet_sq**" => ["out ScalarQuantizerHandle"],
        "const faissnet_transform* const*" => ["IntPtr*"],
        "faissnet_transform*" or "const faissnet_transform*" => ["TransformHandle", "IntPtr"],
        "faissnet_transform**" => ["out TransformHandle"],
        "const faissnet_clustering_parameters*" => ["NativeClusteringParameters*"],
        "faissnet_iteration_stats*" => ["NativeIterationStats*"],
        "faissnet_statistics*" => ["out NativeStatistics"],
        "const faissnet_range_result*" => ["RangeResultHandle"],
        "faissnet_range_result*" => ["IntPtr"],
        "faissnet_range_result**" => ["out RangeResultHandle"],
        "const faissnet_gpu_resources*" => ["GpuResourcesHandle"],
        "faissnet_gpu_resources*" => ["GpuResourcesHandle", "IntPtr"],
        "faissnet_gpu_resources**" => ["out GpuResourcesHandle"],
        "faissnet_gpu_resources* const*" => ["ReadOnlySpan<IntPtr>"],
        "const faissnet_gpu_options*" => ["NativeGpuOptions*"],
        "const int32_t*" => ["ReadOnlySpan<Int32>"],
        "const faissnet_monitor*" => ["NativeMonitor*"],
        "const faissnet_selector*" => ["NativeSelector*"],
        "const faissnet_search_parameters*" => ["NativeSearchParameters*"],
        "const faissnet_index_spec*" => ["NativeIndexSpec*"],
        "const faissnet_list_run*" => ["NativeListRun*"],
        "faissnet_write_fn" => ["fn(Void*, Void*, Int64) Int32"],
        "faissnet_read_fn" => ["fn(Void*, Void*, Int64) Int64"],
        var other => throw new InvalidOperationException($"no rule for the parameter type {other}"),
    };

    private static string Describe(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        return type.IsByRef ? $"out {Describe(type.GetElementType()!)}" : Describe(type);
    }

    private static string Describe(Type type) =>
        type.IsFunctionPointer ? $"fn({string.Join(", ", type.GetFunctionPointerParameterTypes().Select(Describe))}) {Describe(type.GetFunctionPointerReturnType())}"
        : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`')]}<{Describe(type.GetGenericArguments()[0])}>"
        : type.Name;

    private static void AssertEnum<T>(string prefix)
        where T : struct, Enum =>
        Assert.Equal(
            Constants(prefix).Select(pair => (pair.Key.Replace("_", "", StringComparison.Ordinal), pair.Value)).Order(),
            Enum.GetValues<T>().Select(value => (value.ToString().ToUpperInvariant(), Convert.ToInt32(value, CultureInfo.InvariantCulture))).Order());

    private static Dictionary<string, int> Constants(string prefix) => EnumEntries().Matches(Header)
        .Where(match => match.Groups["name"].Value.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(match => match.Groups["name"].Value[prefix.Length..], match => int.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));

    private static int Constant(string name) =>
        int.Parse(Regex.Match(Header, $@"\b{name}\b\s*=?\s*(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    private static string[] SplitParameters(string parameters) =>
        [.. parameters.Split(',').Select(parameter => Spaces().Replace(parameter.Trim(), " ")).Where(parameter => parameter.Length > 0 && parameter != "void")];

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"FAISSNET_API\s+(?<result>\w+)\s+(?<name>\w+)\((?<parameters>[^)]*)\);")]
    private static partial Regex Exports();

    [GeneratedRegex(@"(?<name>FAISSNET_\w+)\s*=\s*(?<value>\d+)")]
    private static partial Regex EnumEntries();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
