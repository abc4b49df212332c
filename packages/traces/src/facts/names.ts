// What names of operators, kernels and frames tell. Lists rot: what no list knows is unknown, never 'not used'.

/** cuBLAS of Volta to Hopper, cuDNN, CUTLASS, flash attention, AMD's matrix instructions. */
const TENSOR_CORES =
  /nvjet|tensorop|s1688|s16816|s161616|h1688|h16816|h884|s884|i8816|i16832|hmma|imma|wgmma|xmma|hgmma|bf16_s|_tf32|gmma|flash_(fwd|bwd)|flash_attn|fmha|cutlass.*(tensor|sm80|sm90|sm100)|(ampere|turing|volta)_(fp16|bf16|h\d|i8|s\d)|hopper_|blackwell_|_MI\d+x\d+x\d+/i
/** Arithmetic in the plain units: a positive sign. */
const PLAIN_UNITS =
  /sgemm|simt|ffma|dgemm|gemv|_cf32|volta_sgemm|maxwell_|implicit_convolve_sgemm|winograd.*sgemm|conv2d_grouped_direct|conv_depthwise/i
/** TF32 arithmetic is named after its tiles even where the name begins with s. */
const MATRIX_KERNEL = /gemm|gemv|conv|cudnn|cutlass|nvjet|wgrad|dgrad|fprop|Cijk_|matmul|bmm|implicit_|winograd|fft_|xmma/i
const MATRIX_OPERATOR =
  /^(aten::|torch::)?(_?(mm|addmm|bmm|baddbmm|linear|matmul|addmv|mv)|(cudnn_|miopen_|mkldnn_)?_?conv(olution)?\w*|thnn_conv2d|_scaled_mm|addbmm|_slow_conv2d_forward)(\.\w+)?$/

export const usesTensorCores = (kernel: string): boolean => TENSOR_CORES.test(kernel) && !/simt/i.test(kernel)
export const usesPlainUnits = (kernel: string): boolean => PLAIN_UNITS.test(kernel) && !usesTensorCores(kernel)
export const isMatrixKernel = (kernel: string): boolean => MATRIX_KERNEL.test(kernel)
export const isMatrixOperator = (operator: string): boolean => MATRIX_OPERATOR.test(operator)

/** Name of the node in the event that ONNX Runtime writes for each of its runs. */
export const nodeName = (event: string): string => event.replace(/_kernel_time$/, '')

/** `ProfilerStep#7`, and how TensorFlow and JAX mark the steps of a loop. */
export const isStepName = (name: string): boolean =>
  /^(ProfilerStep#\d+|(train|test|TraceContext|StepMarker|step|_train_step|_test_step)([ #_]?\d+)?)$/i.test(name)

export const isDataLoading = (name: string): boolean =>
  /^enumerate\(DataLoader\)|DataLoader.*__next__|^IteratorGetNext|Iterator::(Root|Prefetch|Model)|^(## )?(dataloader|data_loading|data_load|load_data|input_pipeline)\b|_MultiProcessingDataLoaderIter|_SingleProcessDataLoaderIter/i.test(
    name,
  )

export const isCompiling = (name: string): boolean =>
  /backend_compile|^(torch\/_dynamo|torch\/_inductor).*\b(compile|call_user_compiler|bytecode)|^(Torch-Compiled Region: )?compile_fx|CompiledFxGraph|_compile\.compile_inner|compile_time|convert_frame|dynamo_timed|entire_frame_compile|TorchDynamo Cache Lookup miss|XlaCompile|HloPasses|RunBackend|^TfrtCpuClient::Compile|PjRtClient::Compile|^jit_compile|LocalClient::Compile|^NvrtcCompile|cuModuleLoad|cuLibraryLoad|hipModuleLoad|^clBuildProgram/i.test(
    name,
  )

export const isAllocating = (name: string): boolean =>
  /^(cuda|hip)(Malloc|Free|HostAlloc|MallocHost|FreeHost|HostFree|HostRegister|HostMalloc)\w*$|^cuMem(Alloc|Create|Map|Free|AddressReserve)\w*$/.test(
    name,
  ) && !/Async/.test(name)

/** Whether inference never calls it if the model is in its evaluation mode. */
export const isTrainingOnly = (name: string): boolean =>
  /native_dropout$|^aten::(dropout_|feature_dropout_|alpha_dropout_)$|fused_dropout_kernel|batch_norm_collect_statistics|bn_fw_tr|batch_norm_(update|gather)_stats/.test(
    name,
  )

export const isBackward = (name: string): boolean =>
  /Backward\d*$|^autograd::engine|^Optimizer\.(step|zero_grad)|_backward(_input|_weight)?$|AccumulateGrad|gradient_tape|GradientDescent|ApplyAdam|ResourceApply/.test(
    name,
  )

/** Kernel names without template arguments, parameters and counters: what rows are grouped by. */
export function shortKernelName(name: string): string {
  let depth = 0
  let short = ''
  for (const letter of name) {
    if (letter === '<') depth++
    else if (letter === '>') depth = Math.max(0, depth - 1)
    else if (letter === '(' && depth === 0 && short.trim() !== '' && !short.endsWith('::')) break
    else if (depth === 0) short += letter
  }
  const bare = short.replace(/^(void|static|inline)\s+/, '').trim()
  return bare === '' ? name.slice(0, 80) : bare.slice(0, 160)
}
