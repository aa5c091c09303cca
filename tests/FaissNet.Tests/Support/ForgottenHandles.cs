using FaissNet.Interop;
using FaissNet.Tests.Support;

[assembly: AssemblyFixture(typeof(ForgottenHandles))]

namespace FaissNet.Tests.Support;

/// <summary>
/// Fails the run if a finalizer freed a native handle: a test, or the library, forgot to dispose it. The error says where it was made.
/// </summary>
public sealed class ForgottenHandles : IDisposable
{
    private const int MostTold = 5;

    public void Dispose()
    {
        // A finalizer may let go of the last reference to another object with one.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        if (NativeHandle.ForgottenCount > 0)
        {
            throw new InvalidOperationException(
                $"{NativeHandle.ForgottenCount} native handles were freed by finalizers. Made:\n{string.Join("\n\n", NativeHandle.ForgottenOrigins.Take(MostTold))}");
        }
    }
}
