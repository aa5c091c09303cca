using System.Globalization;

namespace FaissNet.Cli.Output;

/// <summary>Numbers for people, the same in every locale.</summary>
internal static class Format
{
    private static readonly string[] ByteUnits = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>About three digits that matter.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 100 => Number(value, "N0"),
        >= 10 => Number(value, "0.0"),
        >= 1 => Number(value, "0.00"),
        _ => Number(value, "0.000"),
    };

    public static string Rate(double perSecond) => perSecond switch
    {
        >= 10e6 => $"{Number(perSecond / 1e6, "0")} M/s",
        >= 1e6 => $"{Number(perSecond / 1e6, "0.0")} M/s",
        >= 100 => $"{Number(perSecond, "N0")}/s",
        _ => $"{Number(perSecond, "0.0")}/s",
    };

    public static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 1024 && unit < ByteUnits.Length - 1)
            (value, unit) = (value / 1024, unit + 1);

        return unit == 0 ? $"{Count(bytes)} bytes" : $"{Number(value, "0.0")} {ByteUnits[unit]}";
    }

    public static string Duration(double seconds) => seconds switch
    {
        < 1 => $"{Number(seconds * 1000, "0")} ms",
        < 10 => $"{Number(seconds, "0.0")} s",
        < 60 => $"{Number(seconds, "0")} s",
        < 3600 => $"{(int)seconds / 60}:{(int)seconds % 60:00} min",
        _ => $"{Number(Math.Min(Math.Floor(seconds / 3600), 9999), "0")}:{(int)(seconds / 60 % 60):00} h",
    };
}
