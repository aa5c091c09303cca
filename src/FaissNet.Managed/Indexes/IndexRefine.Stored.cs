namespace FaissNet.Managed;

// What files do not hold.
public partial class IndexRefine
{
    internal override void CopySettings(ManagedIndex from)
    {
        var other = (IndexRefine)from;
        Base.CopySettings(other.Base);
        Refine.CopySettings(other.Refine);
    }
}
