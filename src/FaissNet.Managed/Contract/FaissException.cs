namespace FaissNet;

/// <summary>An error that FAISS reported and for which .NET has no exception of its own; the message is FAISS's.</summary>
public sealed class FaissException : Exception
{
    /// <summary>An error without a message.</summary>
    public FaissException()
    {
    }

    /// <summary>An error with FAISS's message.</summary>
    public FaissException(string message)
        : base(message)
    {
    }

    /// <summary>An error with FAISS's message and its cause.</summary>
    public FaissException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
