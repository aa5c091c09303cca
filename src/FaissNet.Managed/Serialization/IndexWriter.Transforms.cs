using FaissNet.Managed;

namespace FaissNet.Serialization;

// Vector transforms.
internal sealed partial class IndexWriter
{
    private void WriteTransform(VectorTransform transform)
    {
        switch (transform)
        {
            case LinearTransform linear:
                WriteLinear(linear);
                break;
            case RemapDimensionsTransform remap:
                _w.Write("RmDT");
                _w.WriteVector(remap.Map);
                break;
            case NormalizationTransform:
                _w.Write("VNrm");
                _w.Write(NormalizationTransform.Norm);
                break;
            case CenteringTransform centering:
                _w.Write("VCnt");
                _w.WriteVector(centering.Mean);
                break;
            case ITQTransform itq:
                _w.Write("Viqt");
                _w.WriteVector(itq.Mean);
                _w.Write(itq.DoPca);
                WriteTransform(itq.Itq);
                WriteTransform(itq.PcaThenItq);
                break;
            default:
                throw new NotSupportedException($"{transform.GetType().Name} has no form in FAISS's files.");
        }

        _w.Write(transform.DIn);
        _w.Write(transform.DOut);
        _w.Write(transform.IsTrained);
    }

    private void WriteLinear(LinearTransform transform)
    {
        switch (transform)
        {
            case RandomRotationMatrix:
                _w.Write("rrot");
                break;
            case PCAMatrix pca:
                _w.Write("Pcam");
                _w.Write(pca.EigenPower);
                _w.Write(pca.Epsilon);
                _w.Write(pca.RandomRotation);
                _w.Write(pca.BalancedBins);
                _w.WriteVector(pca.Mean);
                _w.WriteVector(pca.Eigenvalues);
                _w.WriteVector(pca.PCAMat);
                break;
            case ITQMatrix itq:
                _w.Write("Viqm");
                _w.Write(itq.MaxIter);
                _w.Write(itq.Seed);
                break;
            default:
                // OPQ too: FAISS keeps what it has learnt, not how.
                _w.Write("LTra");
                break;
        }

        _w.Write(transform.HaveBias);
        _w.WriteVector(transform.A);
        _w.WriteVector(transform.B);
    }
}
