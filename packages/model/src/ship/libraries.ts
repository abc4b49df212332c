// What a folder holds and says where its model is run by a native library, in place of onnxruntime: by the library's name.

import { isVersion } from '@whyslow/graph/version.ts'
import type { ShippedLibrary } from '@whyslow/measure/engines/types.ts'
import { quotePython } from './python-text.ts'

interface LibraryFolder {
  /** The format that it opens, and with it the name of the model's file. */
  readonly format: 'onnx' | 'tflite'
  /** The npm package that brings it, if there is one. */
  readonly npmPackage?: string
  /** What brings it, as it is typed; each does by itself. */
  install(version: string): readonly string[]
  /** What a model with free sizes costs, as lines. */
  readonly freeSizes: readonly string[]
  /** Lines of Python that open the model. */
  python(library: ShippedLibrary, modelFile: string): readonly string[]
  /** How they go on, up to what predicts: arrays by name in, a list of arrays out. */
  readonly pythonRun: readonly string[]
}

/** What pins a version, if it is known. */
const pin = (sign: string, version: string): string => (isVersion(version) ? `${sign}${version}` : '')

const OPENVINO: LibraryFolder = {
  format: 'onnx',
  npmPackage: 'openvino-node',
  install: (version) => [`pip install openvino${pin('==', version)}`, `npm install openvino-node${pin('@', version)}`],
  freeSizes: [
    'The model is compiled at the first prediction with each shape, which takes far longer than a prediction; from the fifth shape on they',
    'share one that is compiled for all. Warm up the shapes that you serve.',
  ],
  python: ({ device, properties }, modelFile) => [
    'import openvino as ov',
    `model = ov.Core().compile_model(${quotePython(modelFile)}, ${quotePython(device)}, {`,
    ...Object.entries(properties).map(([key, value]) => `    ${quotePython(key)}: ${quotePython(value)},`),
    '})',
  ],
  pythonRun: [
    'request = model.create_infer_request()',
    '# Of inputs that nothing reads, OpenVINO 2024.6 keeps none; each that it has must be fed.',
    'known = {name for port in model.inputs for name in port.get_names()}',
    'if any(port.get_names().isdisjoint(INPUTS) for port in model.inputs):',
    `    raise RuntimeError(f'OpenVINO has other names for the inputs of {file}: {", ".join(sorted(known))}')`,
    'turn = threading.Lock()',
    '',
    'def run(feeds):',
    '    with turn:',
    '        # Arrays are read in place, and results copied: the next prediction overwrites them.',
    '        read = {name: np.ascontiguousarray(array) for name, array in feeds.items() if name in known}',
    '        request.infer(read, share_inputs=True)',
    '        return [request.get_tensor(name).data.copy() for name in OUTPUTS]',
    '',
    'return run',
  ],
}

const LITERT: LibraryFolder = {
  format: 'tflite',
  install: (version) => [`pip install ai-edge-litert${pin('==', version)}`],
  freeSizes: [
    'A prediction with another shape than the one before makes room for it first, which takes longer than a prediction: predict with the same',
    'shapes one after the other where you can.',
  ],
  python: ({ properties: { num_threads: threads } }, modelFile) => [
    'from ai_edge_litert.interpreter import Interpreter',
    `interpreter = Interpreter(model_path=${quotePython(modelFile)}${threads === undefined ? '' : `, num_threads=${threads}`})`,
    'interpreter.allocate_tensors()',
  ],
  pythonRun: [
    '# A signature has names of its own for the tensors.',
    'signatures = interpreter.get_signature_list()',
    'if signatures:',
    '    signature = interpreter.get_signature_runner("serving_default" if "serving_default" in signatures else next(iter(signatures)))',
    '    inputs = {name: one["index"] for name, one in signature.get_input_details().items()}',
    '    outputs = {name: one["index"] for name, one in signature.get_output_details().items()}',
    'else:',
    '    inputs = {one["name"]: one["index"] for one in interpreter.get_input_details()}',
    '    outputs = {one["name"]: one["index"] for one in interpreter.get_output_details()}',
    'turn = threading.Lock()',
    'shapes = {name: None for name in inputs}',
    '',
    'def run(feeds):',
    '    with turn:',
    '        for name, array in feeds.items():',
    '            if shapes[name] != array.shape:',
    '                interpreter.resize_tensor_input(inputs[name], array.shape, strict=True)',
    '                shapes[name] = None',
    '        if None in shapes.values():',
    '            interpreter.allocate_tensors()',
    '            shapes.update({name: array.shape for name, array in feeds.items()})',
    '        for name, array in feeds.items():',
    '            interpreter.set_tensor(inputs[name], array)',
    '        interpreter.invoke()',
    '        return [interpreter.get_tensor(outputs[name]) for name in OUTPUTS]',
    '',
    'return run',
  ],
}

export const LIBRARIES: Readonly<Record<ShippedLibrary['name'], LibraryFolder>> = { OpenVINO: OPENVINO, LiteRT: LITERT }

/** Its entry in options.json. */
export const keyOf = ({ name }: ShippedLibrary): string => name.toLowerCase()

/** The code that calls it, next to predict.mjs. */
export const codeOf = (library: ShippedLibrary): string => `${keyOf(library)}.mjs`

/** How it is got, in one line. */
export function installLine({ name, place }: ShippedLibrary, version: string): string {
  return `${LIBRARIES[name].install(version).join(', ')}, or name its folder in ${place.variable}`
}

/** For package.json: what may bring the library, and need not. */
export function optionalPeers({ name }: ShippedLibrary, version: string) {
  const { npmPackage } = LIBRARIES[name]
  if (npmPackage === undefined) return {}
  const [measured] = /^\d+\.\d+/.exec(version) ?? []
  return {
    peerDependencies: { [npmPackage]: measured === undefined ? '*' : `>=${measured}` },
    peerDependenciesMeta: { [npmPackage]: { optional: true } },
  }
}
