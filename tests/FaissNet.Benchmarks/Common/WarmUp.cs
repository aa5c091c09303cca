using System.Diagnostics;

namespace FaissNet.Benchmarks;

internal static class WarmUp
{
    /// <summary>Runs until the just-in-time compiler has seen enough and has had a quiet moment to deliver, three times over.</summary>
    public static void Until(Action run)
    {
        for (var pass = 0; pass < 3; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            do
            {
                run();
            }
            while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < 150);

            Thread.Sleep(150);
        }
    }
}
