using FaissNet.Benchmarks.Gpu;
using FaissNet.Benchmarks.Interop;
using FaissNet.Benchmarks.Long;
using FaissNet.Benchmarks.VsFaiss;

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

    dotnet run -c Release --project tests/FaissNet.Benchmarks -- vs-faiss [options]
        The managed engine against FAISS from C++: the same data and index files, one thread, interleaved.

      --only LIST     pq-train, kmeans, encode, add, ivfpq, narrow, fastscan, ivfflat, flat, frontier, threads; several with commas (all)
      --match TEXT    only rows whose case contains it ("words", "nprobe 16", "one query")
      --mnist FOLDER  MNIST's images (the cache that eng/fetch-mnist.sh fills)
      --words FOLDER  word embeddings (the cache that eng/fetch-words.sh fills)
      --peer FILE     the C++ program of a FAISS build; several times for several builds
      --rounds N      rounds of FAISS, managed, managed, FAISS (5)
      --seconds N     about how long a row may take for each FAISS build, but one round at least (30)
      --cpu N         the processor for both (the last that this process may use)
      --json FILE     where a JSON document goes

    dotnet run -c Release --project tests/FaissNet.Benchmarks -- cancellation | callers [options]
        cancellation: how long calls of both engines go on after they were cancelled. callers: many .NET threads that search one index at once.

      --mnist FOLDER  MNIST's images (the cache that eng/fetch-mnist.sh fills)
      --match TEXT    only rows that contain it ("HNSW32", "managed")
      --seconds N     for each number of callers (2)

    dotnet run -c Release --project tests/FaissNet.Benchmarks -- gpu [options]
        IVFPQ on the first CUDA device: against the same calls from C++, and against the processors. Needs a native library with GPU support.

      --mnist FOLDER  MNIST's images (the cache that eng/fetch-mnist.sh fills)
      --peer FILE     the C++ program (build/*/faissnet_peer…, which eng/build-native.sh --gpu --benchmarks builds)
      --vectors N     synthetic vectors of 128 components beside MNIST (4000000); 0: none
      --rounds N      rounds of C++, C#, C#, C++ for searches (9); a third of it for training and adding
      --json FILE     where a JSON document goes
    """;

try
{
    return args switch
    {
        ["interop", .. var options] => InteropBenchmark.Run(InteropOptions.Parse(options)),
        ["vs-faiss", .. var options] => VsFaissBenchmark.Run(VsFaissOptions.Parse(options)),
        ["gpu", .. var options] => GpuBenchmark.Run(GpuOptions.Parse(options)),
        ["cancellation", .. var options] => CancellationBenchmark.Run(LongOptions.Parse(options)),
        ["callers", .. var options] => CallersBenchmark.Run(LongOptions.Parse(options)),
        [Worker.Command] => Worker.Run(),
        _ => throw new ArgumentException(Usage),
    };
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or InvalidDataException or DllNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return e is ArgumentException ? 2 : 1;
}
