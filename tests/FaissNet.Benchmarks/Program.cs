using FaissNet.Benchmarks.Interop;

const string Usage = """
    dotnet run -c Release --project tests/FaissNet.Benchmarks -- interop [options]
        What FaissNet costs over FAISS called from C++: the same index files, queries and FAISS build, one thread, interleaved.

      --only LIST     batch, single, threads, parts; several with commas between (all)
      --mnist FOLDER  MNIST's images (the cache that eng/fetch-mnist.sh fills)
      --peer FILE     the C++ program (build/*/faissnet_peer…, which eng/build-native.sh --benchmarks builds)
      --rounds N      rounds of C++, C#, C#, C++ for the longest search (11); shorter ones make more of them
      --cpu N         the processor for both (the last that this process may use)
      --null          a second C++ program takes the place of C#: what the harness itself sees between two equals
      --json          one JSON document on stdout
    """;

try
{
    return args switch
    {
        ["interop", .. var options] => InteropBenchmark.Run(InteropOptions.Parse(options)),
        _ => throw new ArgumentException(Usage),
    };
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or InvalidDataException or DllNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return e is ArgumentException ? 2 : 1;
}
