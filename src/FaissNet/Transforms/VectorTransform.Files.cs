using FaissNet.Interop;
using FaissNet.Serialization;

namespace FaissNet;

// Files.
public partial class VectorTransform
{
    /// <summary>Writes the transform to a file in FAISS's own format, whole or not at all. FAISS's <c>write_VectorTransform</c>.</summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Save);
    }

    /// <summary>Writes the transform to a stream in FAISS's own format, from the stream's position on.</summary>
    /// <param name="stream">A writable stream. It is flushed, not closed.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("stream cannot be written: expected a writable stream.", nameof(stream));

        _gate.EnterRead();
        try
        {
            StreamBridge.WriteTransform(Handle, stream);
            stream.Flush();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <summary>Reads a transform from a file that FAISS wrote, in whatever language. FAISS's <c>read_VectorTransform</c>. The file's
    /// structure is checked before native code reads it.</summary>
    /// <returns>The transform, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid transform; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds a transform of a type that is not known.</exception>
    public static VectorTransform Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Load(file);
    }

    /// <summary>Reads a transform from a stream, from its position on.</summary>
    /// <param name="stream">A readable stream. One that cannot seek is first copied to a temporary file: it has to be read twice.</param>
    /// <returns>The transform, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid transform.</exception>
    /// <exception cref="NotSupportedException">The stream holds a transform of a type that is not known.</exception>
    public static VectorTransform Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));

        if (!stream.CanSeek)
        {
            using var copy = TemporaryCopy.Of(stream);
            return Load(copy);
        }

        VectorTransforms.Validate(stream);
        return Wrap(StreamBridge.ReadTransform(stream));
    }

    private static VectorTransform Wrap(TransformHandle handle)
    {
        try
        {
            NativeMethods.faissnet_transform_kind(handle, out var kind).ThrowIfFailed();
            return (TransformKind)kind switch
            {
                TransformKind.Linear => new LinearTransform(handle),
                TransformKind.RandomRotation => new RandomRotationMatrix(handle),
                TransformKind.Pca => new PCAMatrix(handle),
                TransformKind.ItqMatrix => new ITQMatrix(handle),
                TransformKind.Itq => new ITQTransform(handle),
                TransformKind.Opq => new OPQMatrix(handle),
                TransformKind.Remap => new RemapDimensionsTransform(handle),
                TransformKind.Normalization => new NormalizationTransform(handle),
                TransformKind.Centering => new CenteringTransform(handle),
                _ => throw new NotSupportedException("There is no class for this transform."),
            };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
