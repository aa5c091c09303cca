namespace FaissNet;

// The names are FAISS's, underscores included: users look for them, and files hold the values.
#pragma warning disable CA1707

/// <summary>How a scalar quantizer writes components. FAISS's <c>ScalarQuantizer::QuantizerType</c>.</summary>
public enum ScalarQuantizerType
{
    /// <summary>8 bits per component, over a range of its own for each.</summary>
    QT_8bit = 0,

    /// <summary>4 bits per component, over a range of its own for each.</summary>
    QT_4bit = 1,

    /// <summary>8 bits per component, over one range for all.</summary>
    QT_8bit_uniform = 2,

    /// <summary>4 bits per component, over one range for all.</summary>
    QT_4bit_uniform = 3,

    /// <summary>Half-precision floats, 16 bits per component; needs no training.</summary>
    QT_fp16 = 4,

    /// <summary>Components that are whole numbers from 0 to 255 already; needs no training.</summary>
    QT_8bit_direct = 5,

    /// <summary>6 bits per component, over a range of its own for each.</summary>
    QT_6bit = 6,

    /// <summary>Brain floats, 16 bits per component; needs no training. FAISS 1.9 and later, native engine only.</summary>
    QT_bf16 = 7,

    /// <summary>Components that are whole numbers from -128 to 127 already; needs no training. FAISS 1.9 and later, native engine only.</summary>
    QT_8bit_direct_signed = 8,
}

/// <summary>How a scalar quantizer finds the range of the training values. FAISS's <c>ScalarQuantizer::RangeStat</c>, where <c>rs</c> is its
/// <c>rangestat_arg</c>.</summary>
public enum ScalarQuantizerRangeStat
{
    /// <summary>min - rs·(max - min) to max + rs·(max - min).</summary>
    RS_minmax = 0,

    /// <summary>mean - rs·std to mean + rs·std.</summary>
    RS_meanstd = 1,

    /// <summary>The quantiles rs to 1 - rs.</summary>
    RS_quantiles = 2,

    /// <summary>The range with the least squared error, found by turns of rounding and fitting.</summary>
    RS_optim = 3,
}
