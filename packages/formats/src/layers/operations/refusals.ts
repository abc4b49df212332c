// Operations of Keras that cannot become a graph, and why.
import type { WriteOperation } from './operation.ts'

const DECOMPOSED = 'works on matrices in a way for which ONNX has no operator'
const SAMPLED = 'takes pixels between those of an image at places of its own, which is not written here'
const SEARCHED = 'searches the labels of a sequence, for which ONNX has no operator'
const COMPLEX = 'makes complex numbers, which ONNX does not have'
const WHOLE = 'computes with whole numbers step by step, for which ONNX has no operator'
const STORED = 'works on how numbers are stored, for which ONNX has no operator'

const REASONS: Readonly<Record<string, string>> = {
  Cholesky: DECOMPOSED,
  CholeskyInverse: DECOMPOSED,
  Eig: DECOMPOSED,
  Eigh: DECOMPOSED,
  Inv: DECOMPOSED,
  Lstsq: DECOMPOSED,
  LuFactor: DECOMPOSED,
  MatrixRank: DECOMPOSED,
  Pinv: DECOMPOSED,
  Qr: DECOMPOSED,
  Solve: DECOMPOSED,
  SolveTriangular: DECOMPOSED,
  SVD: DECOMPOSED,
  AffineTransform: SAMPLED,
  MapCoordinates: SAMPLED,
  PerspectiveTransform: SAMPLED,
  ScaleAndTranslate: SAMPLED,
  ElasticTransform: 'moves pixels at random, which a graph cannot repeat',
  CTCDecode: SEARCHED,
  CTCLoss: SEARCHED,
  Polar: COMPLEX,
  ViewAsComplex: COMPLEX,
  ViewAsReal: COMPLEX,
  Gcd: WHOLE,
  Lcm: WHOLE,
  Nextafter: STORED,
  View: STORED,
  Argpartition: 'leaves the order of its results open, which no engine would repeat',
  // The first takes the padding for the padding of the output, the second calls what no backend has (3.15).
  ConvTranspose: 'is an operation that Keras itself cannot run; use the layer of that name',
  Histogram: 'is an operation that Keras itself cannot run',
  EinsumWithoutTensors: 'was saved by Keras 2 without its tensors; write it with matmul, or use the layer EinsumDense',
  Bincount: 'has as many results as its largest number says, which is not known before it runs',
}

export const refusals: ReadonlyMap<string, WriteOperation> = new Map(
  Object.entries(REASONS).map(([name, why]): [string, WriteOperation] => [
    name,
    (op) => {
      throw op.refuse(why)
    },
  ]),
)
