// What options can be given as: lists alone, so that a command line is read before any stage is loaded.
export { calibrationMethods } from '../quantize/calibrate/types.ts'
export { goals, precisionMethods } from '../remedies/kit/remedy.ts'
