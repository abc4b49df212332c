// The session configuration keys of ONNX Runtime that matter on a CPU. The engine takes a key it does not know without a word, so a
// remedy that sets one must know that the running version reads it.
// Keys and values: include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
// (https://github.com/microsoft/onnxruntime). Versions: the first of 1.16, 1.18, 1.20 and 1.22 to 1.30 whose library for Linux x64
// holds the key's text, so that some keys are older than said here and none is younger. Values: tried on 1.30.

export interface ConfigKey {
  readonly name: string
  /** First version that reads it, major.minor. The oldest looked at is 1.16: keys older than that bear it too. */
  readonly since: string
  /** First version that no longer reads it; absent: the newest looked at still does. */
  readonly until?: string
  /** The values it takes: one of these, a whole number, a list of names, a path, or text with a form of its own. */
  readonly values: readonly string[] | 'whole number' | 'names' | 'path' | 'text'
  readonly meaning: string
  /** What results may differ by. approximate: other arithmetic, not only another order. */
  readonly effect: 'exact' | 'rounding' | 'approximate'
  /** Read on this architecture only. */
  readonly architecture?: 'arm64'
}

/** A key's fields in their order; without an effect it is exact. */
type Row = readonly [
  name: string,
  since: string,
  values: ConfigKey['values'],
  meaning: string,
  effect?: ConfigKey['effect'],
  architecture?: 'arm64',
]

const SWITCH = ['0', '1'] as const

const THREADS: readonly Row[] = [
  ['session.intra_op.allow_spinning', '1.16', SWITCH, 'idle threads of the pool spin before they sleep; default 1'],
  ['session.inter_op.allow_spinning', '1.16', SWITCH, 'the same for the pool that runs nodes side by side'],
  ['session.intra_op.spin_duration_us', '1.26', 'whole number', 'microseconds that an idle thread spins before it sleeps'],
  ['session.inter_op.spin_duration_us', '1.26', 'whole number', 'the same for the pool that runs nodes side by side'],
  ['session.intra_op.spin_backoff_max', '1.26', 'whole number', 'largest number of pauses in one turn of spinning; default 1'],
  ['session.inter_op.spin_backoff_max', '1.26', 'whole number', 'the same for the pool that runs nodes side by side'],
  ['session.force_spinning_stop', '1.16', SWITCH, 'threads stop spinning as soon as the last prediction returns'],
  ['session.dynamic_block_base', '1.16', 'whole number', 'work is split into blocks that get smaller towards the end'],
  ['session.intra_op_thread_affinities', '1.16', 'text', 'CPUs of each thread but the caller, counted from 1: 2;3'],
  ['session.use_per_session_threads', '1.28', SWITCH, 'a pool of its own instead of a shared one'],
  ['session.intra_op_num_threads', '1.28', 'whole number', 'threads that share the work of one node'],
  ['session.inter_op_num_threads', '1.28', 'whole number', 'nodes that run side by side in parallel execution'],
  ['session.execution_mode', '1.28', 'text', 'sequential or parallel'],
]

const MEMORY: readonly Row[] = [
  ['session.enable_cpu_mem_arena', '1.28', SWITCH, 'memory is kept between predictions for the next one; default 1'],
  ['session.enable_mem_pattern', '1.28', SWITCH, 'one allocation a prediction, planned from an earlier one; default 1'],
  ['session.use_env_allocators', '1.16', SWITCH, 'sessions share the allocators of the process'],
  ['session.use_device_allocator_for_initializers', '1.16', SWITCH, 'weights lie outside of the arena'],
  ['session.disable_prepacking', '1.16', SWITCH, 'weights stay as they lie in the model instead of being packed'],
  ['session.save_external_prepacked_constant_initializers', '1.22', SWITCH, 'packed weights are saved with the optimized model'],
]

const ARITHMETIC: readonly Row[] = [
  ['session.set_denormal_as_zero', '1.16', SWITCH, 'subnormal numbers count as zero; default 0', 'rounding'],
  ['session.use_deterministic_compute', '1.28', SWITCH, 'kernels whose results do not depend on timing', 'rounding'],
  ['session.x64quantprecision', '1.16', SWITCH, 'int8 weights become uint8, so that sums do not saturate', 'approximate'],
  ['session.qdqisint8allowed', '1.16', SWITCH, 'int8 activations stay int8 instead of becoming uint8', 'rounding'],
  ['session.qdq_matmulnbits_accuracy_level', '1.20', 'whole number', 'arithmetic of matrices with few bits', 'approximate'],
  ['session.qdq_matmulnbits_block_size', '1.25', 'text', 'block of matrices with few bits', 'approximate'],
  ['mlas.enable_gemm_fastmath_arm64_bfloat16', '1.18', SWITCH, 'matrix products in bfloat16', 'approximate', 'arm64'],
  ['mlas.use_lut_gemm', '1.24', SWITCH, 'matrix products of few bits by table', 'approximate'],
  ['mlas.disable_kleidiai', '1.30', SWITCH, 'without the KleidiAI kernels of Arm', 'rounding'],
  ['mlas.kleidiai.conv_igemm_max_work', '1.28', 'whole number', 'largest convolution given to KleidiAI', 'rounding'],
  [
    'mlas.nchwc_pointwise_conv_max_input_channel_batch',
    '1.30',
    'whole number',
    'input channels in one pass of a 1x1 convolution in the blocked layout; default 128',
    'rounding',
  ],
]

const GRAPH: readonly Row[] = [
  ['optimization.disable_specified_optimizers', '1.18', 'names', 'graph optimizers to leave out, with ; between', 'rounding'],
  ['optimization.enable_gelu_approximation', '1.16', SWITCH, 'GELU by its tanh form', 'approximate'],
  ['optimization.enable_cast_chain_elimination', '1.23', SWITCH, 'chains of casts become one', 'approximate'],
  ['optimization.minimal_build_optimizations', '1.16', 'text', 'what is saved for small builds of the engine'],
  ['session.graph_optimization_level', '1.28', 'text', 'how far the graph is optimized', 'rounding'],
  ['session.graph_optimizations_loop_level', '1.23', ['0', '1', '2'], 'whether optimizers run again after a change'],
  ['session.disable_aot_function_inlining', '1.18', SWITCH, 'functions of the model are not inlined before optimizing'],
  ['session.disable_quant_qdq', '1.16', SWITCH, 'quantized groups are not fused', 'approximate'],
  ['session.disable_double_qdq_remover', '1.16', SWITCH, 'doubled quantization stays', 'approximate'],
  ['session.disable_qdq_constant_folding', '1.26', SWITCH, 'dequantized constants are not folded'],
  ['session.enable_quant_qdq_cleanup', '1.16', SWITCH, 'leftover pairs of quantization are taken out', 'approximate'],
  ['session.enable_dq_matmulnbits_fusion', '1.24', SWITCH, 'dequantized matrices of few bits are fused', 'approximate'],
]

const LOADING: readonly Row[] = [
  ['session.load_model_format', '1.16', ['ONNX', 'ORT'], 'format of the model file'],
  ['session.save_model_format', '1.16', ['ONNX', 'ORT'], 'format of the optimized model'],
  ['session.use_ort_model_bytes_directly', '1.16', SWITCH, 'a model in ORT format is used in place, without a copy'],
  ['session.use_ort_model_bytes_for_initializers', '1.16', SWITCH, 'its weights too'],
  ['session.use_memory_mapped_ort_model', '1.26', SWITCH, 'a model in ORT format is mapped instead of read'],
  ['session.optimized_model_filepath', '1.28', 'path', 'where the optimized model is written'],
  ['session.optimized_model_external_initializers_file_name', '1.16', 'path', 'file for the weights of the optimized model'],
  [
    'session.optimized_model_external_initializers_min_size_in_bytes',
    '1.16',
    'whole number',
    'smallest weight that goes to that file',
  ],
  ['session.model_external_initializers_file_folder_path', '1.22', 'path', 'folder of external weights'],
  ['session.strict_shape_type_inference', '1.16', SWITCH, 'inconsistent shapes are errors'],
  ['session.allow_released_opsets_only', '1.22', SWITCH, 'opsets under development are errors'],
]

const LOOKING: readonly Row[] = [
  ['session.enable_profiling', '1.28', SWITCH, 'times of nodes are written to a file'],
  ['session.log_id', '1.28', 'text', 'name of the session in log lines'],
  ['session.log_severity_level', '1.28', 'whole number', 'least severe line that is logged'],
  ['session.log_verbosity_level', '1.28', 'whole number', 'detail of verbose lines'],
  ['session.collect_node_memory_stats_to_file', '1.22', 'path', 'memory of nodes is written to this file'],
  ['session.disable_cpu_ep_fallback', '1.16', SWITCH, 'a node that only the CPU can run is an error'],
  ['session.debug_layout_transformation', '1.16', SWITCH, 'models are written before and after layouts change'],
]

/** Every key known here. Those of accelerators, of compiled models and of internal use are left out. */
export const configKeys: readonly ConfigKey[] = [...THREADS, ...MEMORY, ...ARITHMETIC, ...GRAPH, ...LOADING, ...LOOKING].map(
  ([name, since, values, meaning, effect = 'exact', architecture]) => ({
    ...{ name, since, values, meaning, effect },
    ...(architecture === undefined ? {} : { architecture }),
  }),
)

const byName: ReadonlyMap<string, ConfigKey> = new Map(configKeys.map((one) => [one.name, one]))

/** True where this version of onnxruntime reads the key. False for versions that are not 1.x, and for keys not in the table. */
export function knowsKey(version: string, name: string): boolean {
  const minor = minorOf(version)
  const known = byName.get(name)
  if (minor === null || known === undefined) return false
  return minor >= minorOf(known.since)! && (known.until === undefined || minor < minorOf(known.until)!)
}

/** Why this value cannot stand for this key; null if it can, and for keys not in the table. */
export function whyInvalidValue(name: string, value: string): string | null {
  const values = byName.get(name)?.values
  if (values === undefined) return null
  if (Array.isArray(values)) return values.includes(value) ? null : `${name} takes ${values.join(' or ')}`
  if (values === 'whole number') return /^\d+$/.test(value) ? null : `${name} takes a whole number`
  return value === '' ? `${name} takes ${values === 'names' ? 'names of optimizers' : `a ${values}`}` : null
}

/** 30 of '1.30.0' and of '1.30'; null if it is no version 1.x. */
function minorOf(version: string): number | null {
  const minor = /^1\.(\d+)(?:\.|-|$)/.exec(version)?.[1]
  return minor === undefined ? null : Number(minor)
}

/** Versions of onnxruntime-node whose native binding was tried as engines/onnxruntime/ort-direct.ts calls it. */
export function isKnownBinding(version: string): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major === 1 && minor === 30
}
