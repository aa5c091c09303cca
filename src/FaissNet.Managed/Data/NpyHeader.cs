using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace FaissNet.Data;

/// <summary>
/// The header of NumPy's .npy files, versions 1 to 3: magic, length, and a Python dictionary literal with the keys <c>descr</c>,
/// <c>fortran_order</c> and <c>shape</c> (numpy/lib/format.py).
/// </summary>
internal static class NpyHeader
{
    // NumPy's own reader stops at 10,000 characters.
    private const int MaxHeaderBytes = 1 << 16;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public static RowLayout Read(DataFile file)
    {
        Span<byte> start = stackalloc byte[12];
        if (file.Length < start.Length)
            throw file.Invalid($"the file has {file.Length} bytes: expected a header (npy)");

        file.ReadAt(0, start);
        if (!start.StartsWith(Magic))
            throw file.Invalid($"the file begins with the bytes {Convert.ToHexString(start[..Magic.Length])}: expected 934E554D5059 (npy)");

        var (version, minor) = (start[6], start[7]);
        if (version is < 1 or > 3 || minor != 0)
            throw file.Invalid($"its format version is {version}.{minor}: expected 1.0, 2.0 or 3.0 (npy)");

        var (textStart, textLength) = version == 1
            ? (10, BinaryPrimitives.ReadUInt16LittleEndian(start[8..]))
            : (12, (long)BinaryPrimitives.ReadUInt32LittleEndian(start[8..]));
        if (textLength > Math.Min(MaxHeaderBytes, file.Length - textStart))
        {
            throw file.Invalid(
                $"its header claims {textLength} bytes: expected at most {Math.Min(MaxHeaderBytes, file.Length - textStart)} (npy)");
        }

        var text = new byte[textLength];
        file.ReadAt(textStart, text);
        return Interpret(file, Encoding.UTF8.GetString(text), textStart + textLength);
    }

    /// <summary>A header of version 1.0 for n rows of d components, padded so that any n gives the same length.</summary>
    public static byte[] Create(string descr, long n, int d)
    {
        // As long as the largest n needs.
        var room = long.MaxValue.ToString(CultureInfo.InvariantCulture).Length;
        var fields = string.Create(
            CultureInfo.InvariantCulture, $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({n}, {d}), }}");
        var longest = fields.Length - n.ToString(CultureInfo.InvariantCulture).Length + room;
        var total = (Magic.Length + 4 + longest + 1 + Alignment - 1) / Alignment * Alignment;
        var header = new byte[total];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        (header[6], header[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(fields, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }

    private static RowLayout Interpret(DataFile file, string text, long dataStart)
    {
        var (descr, fortranOrder, shape) = new Literal(file, text).ReadDictionary();
        var element = descr switch
        {
            "<f4" => ElementType.Single,
            "<f8" => ElementType.Double,
            "|u1" => ElementType.Byte,
            "<i4" => ElementType.Int32,
            "<i8" => ElementType.Int64,
            ['>', ..] => throw file.Invalid(
                $"its descr is '{descr}', big-endian: expected little-endian '<f4', '<f8' or '|u1', such as array.astype('<f4') has (npy)"),
            _ => throw file.Invalid($"its descr is '{descr}': expected '<f4', '<f8' or '|u1' (npy)"),
        };

        // Of one row or one column both orders are the same, and NumPy may state either.
        if (fortranOrder && shape.Length > 1 && shape[0] > 1 && shape[1] > 1)
            throw file.Invalid("its fortran_order is True: expected rows in C order, such as numpy.ascontiguousarray(array) has (npy)");

        var (count, d) = shape switch
        {
            [var columns] => (1, columns),
            [var rows, var columns] => (rows, columns),
            _ => throw file.Invalid($"its shape is ({string.Join(", ", shape)}): expected (n, d), or (d,) for one vector (npy)"),
        };
        FileFormats.RequireDimension(file, d, "its shape has d");
        var rowBytes = RowLayout.RowSize(false, element, (int)d);
        var available = file.Length - dataStart;
        return available % rowBytes == 0 && available / rowBytes == count
            ? new RowLayout("npy", dataStart, false, element, (int)d, count)
            : throw file.Invalid(
                $"{available} bytes follow its header: expected {(UInt128)count * (uint)rowBytes} for the shape ({count}, {d}) of '{descr}' (npy)");
    }

    // As much of Python's literals as NumPy writes: strings, True and False, tuples of integers, a dictionary around them.
    private ref struct Literal(DataFile file, string text)
    {
        private int _at;

        public (string Descr, bool FortranOrder, long[] Shape) ReadDictionary()
        {
            string? descr = null;
            bool? fortranOrder = null;
            long[]? shape = null;
            Expect('{');
            while (!Take('}'))
            {
                var key = ReadString();
                Expect(':');
                switch (key)
                {
                    case "descr":
                        descr = ReadString();
                        break;
                    case "fortran_order":
                        fortranOrder = ReadBool();
                        break;
                    case "shape":
                        shape = ReadTuple();
                        break;
                    default:
                        throw Nonsense($"the key '{key}'");
                }

                if (!Take(','))
                {
                    Expect('}');
                    break;
                }
            }

            return descr is not null && fortranOrder is not null && shape is not null
                ? (descr, fortranOrder.Value, shape)
                : throw file.Invalid($"its header lacks {(descr is null ? "descr" : shape is null ? "shape" : "fortran_order")} (npy)");
        }

        private string ReadString()
        {
            var quote = Peek();
            if (quote is not ('\'' or '"'))
                throw quote == '[' ? file.Invalid("its descr is a structured type: expected '<f4', '<f8' or '|u1' (npy)") : Nonsense("no string");

            var end = text.IndexOf(quote, ++_at);
            if (end < 0)
                throw Nonsense("a string without an end");

            var value = text[_at..end];
            _at = end + 1;
            return value;
        }

        private bool ReadBool()
        {
            _ = Peek();
            foreach (var (word, value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
            {
                if (text.AsSpan(_at).StartsWith(word))
                {
                    _at += word.Length;
                    return value;
                }
            }

            throw Nonsense("neither True nor False");
        }

        private long[] ReadTuple()
        {
            var values = new List<long>();
            Expect('(');
            while (!Take(')'))
            {
                values.Add(ReadInteger());
                if (!Take(','))
                {
                    Expect(')');
                    break;
                }
            }

            return [.. values];
        }

        private long ReadInteger()
        {
            _ = Peek();
            var start = _at;
            while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] == '-'))
                _at++;

            if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < 0)
            {
                _at = start;
                throw Nonsense("no size");
            }

            // Python 2's long integers.
            if (_at < text.Length && text[_at] == 'L')
                _at++;

            return value;
        }

        private bool Take(char c)
        {
            if (Peek() != c)
                return false;

            _at++;
            return true;
        }

        private void Expect(char c)
        {
            if (!Take(c))
                throw Nonsense($"no '{c}'");
        }

        private char Peek()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
                _at++;

            return _at < text.Length ? text[_at] : '\0';
        }

        private readonly InvalidDataException Nonsense(string what) =>
            file.Invalid($"its header has {what} at character {_at}: expected {{'descr': …, 'fortran_order': …, 'shape': …}} (npy)");
    }
}
