namespace FaissNet.Managed;

/// <summary>The value that would have a given place if all were sorted, without sorting them: by counting how their numbers
/// (<see cref="FloatOrder"/>) begin, then how those go on that begin like the one that is sought.</summary>
internal static class OrderStatistic
{
    private const int Digits = 11;

    /// <param name="values">The values; all are numbers.</param>
    /// <param name="place">From 0 to the last.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static float Find(ReadOnlySpan<float> values, int place, CancellationToken cancellationToken)
    {
        Span<int> counts = stackalloc int[1 << Digits];
        uint found = 0, known = 0;
        for (var left = 32; left > 0;)
        {
            var digits = Math.Min(Digits, left);
            left -= digits;
            counts.Clear();
            foreach (var run in cancellationToken.RunsOf(values))
            {
                foreach (var value in run)
                {
                    var number = FloatOrder.Of(value);
                    if ((number & known) == found)
                        counts[(int)(number >> left) & ((1 << digits) - 1)]++;
                }
            }

            var digit = 0;
            for (; place >= counts[digit]; digit++)
                place -= counts[digit];

            found |= (uint)digit << left;
            known = uint.MaxValue << left;
        }

        return FloatOrder.ToFloat(found);
    }
}
