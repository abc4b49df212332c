/**
 * Sums of uint8 by int8 products that do not saturate. On x86 without VNNI the engine adds products in pairs of 16 bits, in which two large
 * ones do not fit; with this entry it makes weights uint8 there, which is exact and slower. It changes nothing on other processors.
 * https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8
 */
export const EXACT_SUMS: Readonly<Record<string, string>> = { 'session.x64quantprecision': '1' }
