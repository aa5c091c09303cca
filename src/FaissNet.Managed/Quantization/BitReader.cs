namespace FaissNet.Managed;

/// <summary>Reads the numbers of one code in turn: see <see cref="BitPacking"/>.</summary>
internal unsafe ref struct BitReader(byte* code, int nbits)
{
    private readonly int _nbits = nbits;
    private byte* _code = code;
    private uint _pending;
    private int _held;

    /// <summary>The next number; reads no byte behind its last one.</summary>
    public int Next()
    {
        if (_nbits == 8)
            return *_code++;

        for (; _held < _nbits; _held += 8)
            _pending |= (uint)*_code++ << _held;

        var number = (int)(_pending & ((1u << _nbits) - 1));
        _pending >>= _nbits;
        _held -= _nbits;
        return number;
    }
}
