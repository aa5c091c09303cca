using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Everything that crosses to native code is blittable as it stands.
[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
