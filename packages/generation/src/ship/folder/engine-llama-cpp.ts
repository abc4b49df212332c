// The engine of a shipped folder that runs llama.cpp: bundled as its engine.mjs.
export { llamaCpp as engine } from '../../engines/llama-cpp.ts'
