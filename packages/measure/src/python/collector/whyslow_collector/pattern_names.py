"""Which calls are which pattern, by their full name or, of methods on a value that is not known here, by the method's name."""

import re

#: x = f(x, …) in a loop copies all of x.
REGROWN = {
    "numpy.append", "numpy.concatenate", "numpy.vstack", "numpy.hstack", "numpy.dstack", "numpy.column_stack", "numpy.row_stack",
    "numpy.insert", "numpy.stack", "torch.cat", "torch.concat", "torch.hstack", "torch.vstack", "tensorflow.concat", "pandas.concat",
    "pandas.merge", "numpy.r_", "numpy.c_",
}  # fmt: skip
TO_ARRAY = {
    "numpy.array", "numpy.asarray", "numpy.float32", "numpy.fromiter", "numpy.stack", "torch.tensor", "torch.as_tensor", "torch.FloatTensor",
    "torch.Tensor", "tensorflow.constant", "tensorflow.convert_to_tensor", "numpy.asfarray", "numpy.ascontiguousarray",
}  # fmt: skip
MADE = {
    "numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full", "numpy.zeros_like", "numpy.ones_like", "numpy.empty_like", "numpy.full_like",
    "numpy.arange", "numpy.linspace", "numpy.eye", "numpy.tile", "numpy.repeat", "torch.zeros", "torch.ones", "torch.empty", "torch.full",
    "bytearray", "numpy.copy", "copy.deepcopy", "numpy.hanning", "numpy.hamming",
}  # fmt: skip
#: Call a function of Python for each number.
EACH = {"map", "filter", "numpy.vectorize", "numpy.frompyfunc", "numpy.apply_along_axis", "numpy.fromfunction"}
#: Make a function that does so.
EACH_MAKERS = {"numpy.vectorize", "numpy.frompyfunc"}
JSON = {"json.dumps", "json.loads", "json.load", "json.dump", "simplejson.dumps", "simplejson.loads", "ast.literal_eval"}
FILES = {
    "open", "io.open", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "pandas.read_csv", "pandas.read_json",
    "pandas.read_parquet", "pandas.read_pickle", "pandas.read_excel", "codecs.open", "gzip.open", "yaml.safe_load", "os.listdir", "glob.glob",
}  # fmt: skip
FILE_METHODS = {"read_text", "read_bytes"}
LOADS = {
    "onnxruntime.InferenceSession", "joblib.load", "pickle.load", "pickle.loads", "torch.load", "torch.jit.load", "tensorflow.saved_model.load",
    "tensorflow.lite.Interpreter", "ai_edge_litert.interpreter.Interpreter", "tflite_runtime.interpreter.Interpreter",
    "keras.models.load_model", "tensorflow.keras.models.load_model", "keras.saving.load_model", "tensorflow.keras.saving.load_model",
    "xgboost.Booster", "lightgbm.Booster", "transformers.pipeline", "sentencepiece.SentencePieceProcessor", "spacy.load", "cloudpickle.load",
    "skops.io.load", "openvino.compile_model", "torch.hub.load", "onnx.load",
}  # fmt: skip
LOAD_LAST = {"load_model", "from_pretrained", "from_file", "InferenceSession", "Interpreter", "CompiledModel", "load_learner"}
PREDICT_METHODS = {
    "predict", "predict_proba", "predict_on_batch", "decision_function", "run", "invoke", "inplace_predict", "forward", "infer", "generate",
    "encode", "transform", "score_samples",
}  # fmt: skip
MODELS = re.compile(r"(^|_|\.)(model|net|network|session|sess|clf|classifier|regressor|estimator|pipe|booster|interpreter|detector|encoder)\d*$", re.I)
BLOCKING = {
    "time.sleep", "subprocess.run", "subprocess.check_output", "subprocess.call", "os.system", "urllib.request.urlopen", "input",
    "requests.get", "requests.post", "requests.request", "shutil.copyfile", "open",
}  # fmt: skip
DECODES = {
    "PIL.Image.open", "cv2.imread", "cv2.imdecode", "imageio.imread", "imageio.v2.imread", "imageio.v3.imread", "skimage.io.imread",
    "matplotlib.image.imread", "matplotlib.pyplot.imread", "tensorflow.io.decode_image", "tensorflow.io.decode_jpeg",
    "tensorflow.io.decode_png", "tensorflow.image.decode_jpeg", "torchvision.io.read_image", "torchvision.io.decode_image",
    "keras.utils.load_img", "tensorflow.keras.utils.load_img", "keras.preprocessing.image.load_img",
    "tensorflow.keras.preprocessing.image.load_img", "soundfile.read", "librosa.load", "scipy.io.wavfile.read", "torchaudio.load",
}  # fmt: skip
TENSORS = {
    "tensorflow.constant", "tensorflow.convert_to_tensor", "tensorflow.Variable", "torch.tensor", "torch.from_numpy", "torch.as_tensor",
    "torch.Tensor",
}  # fmt: skip
DEVICE_READS = {"item", "numpy", "cpu", "tolist", "cuda"}
FRAMES = {
    "pandas.DataFrame", "pandas.Series", "pandas.DataFrame.from_dict", "pandas.DataFrame.from_records", "pandas.json_normalize",
    "polars.DataFrame", "polars.from_dicts",
}  # fmt: skip
FRAME_ROWS = {"iterrows", "itertuples"}
FRAME_PLACES = {"iloc", "loc", "at", "iat"}
FRAME_CONVERTS = {"to_numpy", "to_dict", "get_dummies", "to_records", "to_json"}
PREDICT_CALLS = {"predict", "predict_proba", "predict_log_proba", "decision_function", "transform"}
MATRICES = {"xgboost.DMatrix", "lightgbm.Dataset", "catboost.Pool"}
TRACED = {"tensorflow.function", "torch.compile", "jax.jit", "torch.jit.trace", "torch.jit.script"}
NO_GRAD = {"no_grad", "inference_mode"}
STRIDED = {"transpose", "swapaxes", "moveaxis", "rollaxis", "permute", "flip", "fliplr", "flipud", "rot90"}
THREADS = {
    "torch.set_num_threads", "torch.set_num_interop_threads", "tensorflow.config.threading.set_intra_op_parallelism_threads",
    "tensorflow.config.threading.set_inter_op_parallelism_threads", "cv2.setNumThreads", "concurrent.futures.ThreadPoolExecutor",
    "multiprocessing.Pool", "multiprocessing.pool.ThreadPool", "concurrent.futures.ProcessPoolExecutor", "threadpoolctl.threadpool_limits",
    "joblib.Parallel", "threading.Thread", "mkl.set_num_threads", "numexpr.set_num_threads",
}  # fmt: skip
THREAD_VARIABLES = re.compile(r"^(OMP|MKL|OPENBLAS|NUMEXPR|VECLIB|TF|KMP|GOTO)_.*(THREADS|PARALLELISM|BLOCKTIME)|^TF_NUM_")
THREAD_OPTIONS = {"intra_op_num_threads", "inter_op_num_threads", "num_threads", "n_jobs", "nthread"}
REGEX = {"re.compile", "re.sub", "re.findall", "re.match", "re.search", "re.split", "regex.compile", "re.finditer", "re.fullmatch"}
CACHES = {"lru_cache", "cache", "cached_property", "cached", "singleton", "memoize", "once"}
#: Run once, whatever calls them.
ONCE_FUNCTIONS = {"load", "__init__", "__enter__", "setup", "setUp", "startup", "load_model", "samples", "init", "initialize", "build", "main_setup"}
