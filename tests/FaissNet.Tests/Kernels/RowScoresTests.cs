using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

/// <summary>Every form against sums in the test, on whole numbers, whose sums every form gets exactly.</summary>
public sealed unsafe class RowScoresTests
{
    private delegate ulong Form(
        float* tile, int lanes, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits);

    [Fact]
    public void Every_form_scores_alike() => CheckForms([]);

    [Theory]
    [MemberData(nameof(InstructionSets.Switches), MemberType = typeof(InstructionSets))]
    public void Without_an_instruction_set(string knob, string absent) => InstructionSets.RunWithout(knob, absent, CheckForms);

    private static void CheckForms(string[] absent)
    {
        InstructionSets.RequireAbsent(absent);
        for (var d = 0; d <= 256; d += d < 34 ? 1 : 37)
        {
            foreach (var lanes in new[] { RowScores.NarrowTile, RowScores.WideTile })
            {
                for (var count = 1; count <= RowScores.Group; count++)
                    Check(d, lanes, count);
            }
        }
    }

    private static void Check(int d, int lanes, int count)
    {
        using var tiles = new GuardedMemory(lanes * d * sizeof(float));
        using var memory = new GuardedMemory(count * d * sizeof(float));
        float* tile = tiles.Last(lanes * d), rows = memory.Last(count * d);
        var random = new Random(d * 100 + lanes + count);
        for (var i = 0; i < lanes * d; i++)
            tile[i] = random.Next(-5, 6);

        for (var i = 0; i < count * d; i++)
            rows[i] = random.Next(-5, 6);

        var starts = stackalloc float[RowScores.Group];
        var thresholds = stackalloc float[lanes];
        for (var r = 0; r < RowScores.Group; r++)
            starts[r] = r == 2 ? float.NaN : random.Next(-9, 10);

        var expected = new float[count, lanes];
        for (var lane = 0; lane < lanes; lane++)
        {
            for (var r = 0; r < count; r++)
            {
                expected[r, lane] = starts[r];
                for (var j = 0; j < d; j++)
                    expected[r, lane] += tile[j * lanes + lane] * rows[r * d + j];
            }

            // Some thresholds are just reached, some missed by little.
            thresholds[lane] = expected[random.Next(count), lane] + random.Next(0, 2);
        }

        CheckForm("dispatch", RowScores.Find);
        CheckForm("scalar", RowScores.FindScalar);
        CheckForm("128", RowScores.Find128);
        CheckForm("256", RowScores.Find256);
        if (Avx512F.IsSupported)
        {
            CheckForm("512", lanes == RowScores.WideTile
                ? (t, _, y, n, length, s, h, to, bits) => RowScores.Find512Wide(t, y, n, length, s, h, to, bits)
                : (t, _, y, n, length, s, h, to, bits) => RowScores.Find512Narrow(t, y, n, length, s, h, to, bits));
        }

        void CheckForm(string name, Form form)
        {
            var scores = stackalloc float[RowScores.Group * lanes];
            var hits = stackalloc ulong[RowScores.Group];
            var any = form(tile, lanes, rows, count, d, starts, thresholds, scores, hits);
            var anyExpected = false;
            for (var r = 0; r < count; r++)
            {
                for (var lane = 0; lane < lanes; lane++)
                {
                    var isHit = !(expected[r, lane] < thresholds[lane]);
                    anyExpected |= isHit;
                    Assert.True(
                        isHit == ((hits[r] >> lane & 1) == 1) && expected[r, lane].Equals(scores[r * lanes + lane]),
                        $"{name}, d = {d}, {lanes} lanes, {count} rows, row {r}, lane {lane}: {scores[r * lanes + lane]}, {hits[r]:x}");
                }
            }

            Assert.True(any != 0 || !anyExpected, name);
        }
    }
}
