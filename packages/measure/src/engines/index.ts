// The engines, listed by hand.
import { compiled } from './compiled/compiled.ts'
import { litert } from './litert/litert.ts'
import { browserWasm } from './onnxruntime/browser-wasm.ts'
import { browserWebgpu } from './onnxruntime/browser-webgpu.ts'
import { ortCoreml } from './onnxruntime/ort-coreml.ts'
import { ortCpu } from './onnxruntime/ort-cpu.ts'
import { ortCuda } from './onnxruntime/ort-cuda.ts'
import { ortDirectml } from './onnxruntime/ort-directml.ts'
import { ortTensorrt } from './onnxruntime/ort-tensorrt.ts'
import { ortWasm } from './onnxruntime/ort-wasm.ts'
import { ortWebgpu } from './onnxruntime/ort-webgpu.ts'
import { openvino } from './openvino/openvino.ts'
import { openvinoBf16 } from './openvino/openvino-bf16.ts'
import { openvinoF16 } from './openvino/openvino-f16.ts'
import { openvinoGpu } from './openvino/openvino-gpu.ts'
import { openvinoGpuF16 } from './openvino/openvino-gpu-f16.ts'
import { openvinoNpu } from './openvino/openvino-npu.ts'
import { pythonCatboost } from './python/python-catboost.ts'
import { pythonKeras } from './python/python-keras.ts'
import { pythonLightgbm } from './python/python-lightgbm.ts'
import { pythonOpenvino } from './python/python-openvino.ts'
import { pythonOrt } from './python/python-ort.ts'
import { pythonSklearn } from './python/python-sklearn.ts'
import { pythonTflite } from './python/python-tflite.ts'
import { pythonTorch } from './python/python-torch.ts'
import { pythonTorchCompile } from './python/python-torch-compile.ts'
import { pythonXgboost } from './python/python-xgboost.ts'
import { tfjsCpu } from './tfjs/tfjs-cpu.ts'
import { tfjsWasm } from './tfjs/tfjs-wasm.ts'
import type { Engine, EngineOffer } from './types.ts'

export const engines: readonly Engine[] = [
  ortCpu,
  ortWasm,
  ortWebgpu,
  ortCuda,
  ortTensorrt,
  ortDirectml,
  ortCoreml,
  browserWasm,
  browserWebgpu,
  openvino,
  openvinoBf16,
  openvinoF16,
  openvinoGpu,
  openvinoGpuF16,
  openvinoNpu,
  tfjsCpu,
  tfjsWasm,
  litert,
  pythonOrt,
  pythonKeras,
  pythonTorch,
  pythonTorchCompile,
  pythonOpenvino,
  pythonTflite,
  pythonSklearn,
  pythonXgboost,
  pythonLightgbm,
  pythonCatboost,
  compiled,
]

/** undefined if no engine bears that id. */
export function engineById(id: string): Engine | undefined {
  return engines.find((engine) => engine.id === id)
}

/** What evidence keeps of an engine in addition to its id. */
export function traitsOf(id: string): Pick<Engine, 'precision' | 'runtime'> {
  const { precision, runtime } = engineById(id) ?? {}
  return { ...(precision === undefined ? {} : { precision }), ...(runtime === undefined ? {} : { runtime }) }
}

/** None of an engine that is not known here. */
export const offersOf = (id: string): readonly EngineOffer[] => engineById(id)?.offers ?? []

/** The one that predicts where none is named. */
export const referenceEngine: Engine = engines.find(({ offers }) => offers.includes('reference'))!
