"""Engines at work inside the user's code: their classes are wrapped once the user's code has imported them, never imported from here. What is
wrapped are the shared classes themselves, so that every name that the user's code has for them is.

A session is what a model was opened as. Only the outermost call counts, since these libraries call their own methods."""

import os
import sys
import threading
from functools import partial

from . import values
from .after_import import AfterImport
from .clock import MS, now_ns
from .data_loading import DataLoading
from .instead_of_preparing import Preparation, is_transforms
from .other_interpreters import OtherInterpreters
from .places import name_of, shown
from .torch_model import in_training
from .vectorizers import Texts

#: An interpreter runs on what its tensors were set to before.
_INTERPRETER = [
    ("Interpreter", "__init__", "open"),
    ("Interpreter", "invoke", "run"),
    ("Interpreter", "set_tensor", "input"),
    ("Interpreter", "allocate_tensors", "plan"),
]
#: module -> (engine, [(class or None, attribute, what it does)]). 'open' makes its object a session, 'load' gives one; an argument may be
#: the file. Without an engine only what it gives says whether it is one.
WRAPPED = {
    "onnxruntime.capi.onnxruntime_inference_collection": (
        "onnxruntime",
        [
            ("InferenceSession", "__init__", "open"),
            ("Session", "run", "run"),
            ("Session", "run_with_iobinding", "run"),
            ("InferenceSession", "run", "run"),
        ],
    ),
    "keras.src.models.model": ("keras", [("Model", "__call__", "run")]),
    "keras.src.layers.layer": ("keras", [("Layer", "__call__", "run-model")]),
    "keras.src.trainers.trainer": ("keras", []),
    "keras.src.backend.tensorflow.trainer": (
        "keras",
        [("TensorFlowTrainer", "predict", "run"), ("TensorFlowTrainer", "predict_on_batch", "run")],
    ),
    "keras.src.backend.torch.trainer": (
        "keras",
        [("TorchTrainer", "predict", "run"), ("TorchTrainer", "predict_on_batch", "run")],
    ),
    "keras.src.backend.jax.trainer": ("keras", [("JAXTrainer", "predict", "run"), ("JAXTrainer", "predict_on_batch", "run")]),
    "keras.src.saving.saving_api": ("keras", [(None, "load_model", "load")]),
    "tensorflow.python.eager.polymorphic_function.polymorphic_function": ("tensorflow", [("Function", "__call__", "run")]),
    "ai_edge_litert.interpreter": ("litert", _INTERPRETER),
    "tflite_runtime.interpreter": ("litert", _INTERPRETER),
    "tensorflow.lite.python.interpreter": ("litert", _INTERPRETER),
    "torchvision.transforms.transforms": ("transforms", [("Compose", "__call__", "prepare")]),
    "transformers.tokenization_utils_base": ("tokenizer", [("PreTrainedTokenizerBase", "__call__", "prepare")]),
    "torch.serialization": ("pytorch", [(None, "load", "load")]),
    "torch.jit._serialization": ("pytorch", [(None, "load", "load")]),
    "torch.nn.modules.module": ("pytorch", [("Module", "__call__", "run")]),
    "sklearn.feature_extraction.text": (None, [("CountVectorizer", "transform", "texts"), ("TfidfVectorizer", "transform", "texts")]),
    "pickle": (None, [(None, "load", "load"), (None, "loads", "load")]),
    "joblib.numpy_pickle": (None, [(None, "load", "load")]),
    "xgboost.core": (
        "xgboost",
        [
            ("Booster", "load_model", "open"),
            ("Booster", "predict", "run"),
            ("Booster", "inplace_predict", "run"),
            ("DMatrix", "__init__", "matrix"),
        ],
    ),
    "xgboost.sklearn": ("xgboost", [("XGBModel", "predict", "run"), ("XGBClassifier", "predict_proba", "run"), ("XGBClassifier", "predict", "run")]),
    "lightgbm.basic": ("lightgbm", [("Booster", "__init__", "open"), ("Booster", "predict", "run")]),
    "catboost.core": (
        "catboost",
        [
            ("CatBoost", "load_model", "open"),
            ("CatBoost", "predict", "run"),
            ("CatBoostClassifier", "predict", "run"),
            ("CatBoostClassifier", "predict_proba", "run"),
            ("CatBoostRegressor", "predict", "run"),
        ],
    ),
    "lightgbm.sklearn": (
        "lightgbm",
        [("LGBMModel", "predict", "run"), ("LGBMClassifier", "predict_proba", "run"), ("LGBMClassifier", "predict", "run")],
    ),
}
#: Estimators are many: their base's module says when they can be wrapped, and each class is wrapped when its first instance is loaded or made.
ESTIMATORS = "sklearn.base"
_PREDICTS = ("predict", "predict_proba", "decision_function", "predict_log_proba")
PACKAGE = {"litert": "ai_edge_litert", "pytorch": "torch", "scikit-learn": "sklearn", "tensorflow": "tensorflow"}


#: Frames of the user that are kept.
CALLERS = 4
#: Runs of one prediction that are kept.
MOST_RUNS = 256


class Session:
    def __init__(self, engine):
        self.engine = engine
        self.model_file = None
        self.opened = None
        self.opens = 0
        self.opens_timed = 0
        self.open_ns = None
        self.ran = None
        self.ran_through = []
        self.method = "run"
        self.methods = {}
        self.runs = 0
        self.run_ns = 0
        self.at_once = 0
        self.most_at_once = 0
        self.inputs = []
        #: What its tensors were set to, by their number.
        self.set = {}
        self.stages = {}
        self.training = None
        self.gradients = None
        self.retraces = None
        self.traces = None
        self.target = None
        self.last = None
        #: What it was asked in one prediction: [(method, arguments, keywords)].
        self.in_one_prediction = []
        self.prediction = None
        #: Opens it again; None: it cannot be.
        self.opening = None
        #: The call of the user's that opens it; None: it is not asked for.
        self.opening_site = None
        self.device = None
        self.threads = None


class Libraries:
    """`counting`: true while predictions are made that count."""

    def __init__(self, run):
        self.run = run
        self.counting = False
        self.sessions = []
        #: Time of all that was opened.
        self.opening_ns = None
        #: The last of XGBoost's DMatrix objects, with what they were made of.
        self.matrices = []
        #: The last rows that the program's own calls of vectorizers made, with their Texts.
        self.text_rows = []
        self.plans = 0
        #: Tokenizers and chains of transforms: no sessions, since no model runs.
        self.preparations = []
        self._depth = threading.local()
        self.loading = DataLoading(run, lambda: self.counting)
        self.interpreters = OtherInterpreters()

    def start(self):
        self.loading.start()
        self.interpreters.start()
        AfterImport({name: partial(self._wrap, name) for name in [*WRAPPED, ESTIMATORS]}).start()

    def _wrap(self, name, module):
        if name == ESTIMATORS:
            self._wrap_estimators(module)
            return
        engine, entries = WRAPPED[name]
        for owner_name, attribute, kind in entries:
            owner = module if owner_name is None else getattr(module, owner_name, None)
            original = getattr(owner, attribute, None) if owner is not None else None
            if original is None or owner_name is not None and attribute not in vars(owner):
                continue
            wrapper = self._wrapper(engine, attribute, kind, original)
            try:
                setattr(owner, attribute, wrapper)
            except (AttributeError, TypeError):
                continue
            if owner_name is None:
                self._everywhere(original, wrapper)

    def _everywhere(self, original, wrapper):
        """A module's function may have been taken over by the package around it already."""
        name = original.__name__
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name) is original:
                setattr(module, name, wrapper)

    def _wrap_estimators(self, module):
        base = module.BaseEstimator
        libraries = self
        made = base.__init_subclass__.__func__

        def on_subclass(cls, **given):
            made(cls, **given)
            libraries._wrap_class(cls)

        base.__init_subclass__ = classmethod(on_subclass)

        def below(cls):
            for one in cls.__subclasses__():
                libraries._wrap_class(one)
                below(one)

        below(base)

    def _wrap_class(self, cls):
        """Where the method is defined: a mixin may have it. Of those that are there only for some, what they call is wrapped."""
        for attribute in _PREDICTS:
            owner = next((one for one in cls.__mro__ if attribute in vars(one)), None)
            original = None if owner is None else vars(owner)[attribute]
            engine = values_engine(cls) or "scikit-learn"
            if hasattr(original, "__code__") and not getattr(original, "whyslow", False):
                setattr(owner, attribute, self._wrapper(engine, attribute, "run", original))
            elif hasattr(original, "fn") and not getattr(original.fn, "whyslow", False):
                original.fn = self._wrapper(engine, attribute, "run", original.fn)

    # what is counted -----------------------------------------------------------------------------------------------------------------------

    def _wrapper(self, engine, attribute, kind, original):
        libraries = self

        def called(*args, **kwargs):
            depth = libraries._depth
            level = getattr(depth, "level", 0)
            if level or not args and kind != "load" or kind == "run-model" and not _is_model(args[0]):
                return original(*args, **kwargs)
            depth.level = level + 1
            session = libraries._begin(engine, kind, args, kwargs, attribute)
            result = None
            start = now_ns()
            try:
                result = original(*args, **kwargs)
                return result
            finally:
                depth.level = level
                libraries._end(session, kind, now_ns() - start, (args, kwargs), result)
                if kind in ("open", "load") and libraries.counting:
                    libraries._keep_opening(kind, original, (args, kwargs), result)

        called.whyslow = True
        called.__name__ = getattr(original, "__name__", attribute)
        called.__qualname__ = getattr(original, "__qualname__", attribute)
        called.__doc__ = getattr(original, "__doc__", None)
        called.__module__ = getattr(original, "__module__", None)
        called.__wrapped__ = original
        return called

    def _begin(self, engine, kind, args, kwargs, attribute):
        place = self._place()
        if kind == "plan":
            self.plans += self.counting
            return None
        if kind == "prepare" or engine == "pytorch" and kind == "run" and is_transforms(args[0]):
            self._prepare("transforms" if kind == "run" else engine, args, kwargs, place)
            return None
        if kind == "matrix":
            made_of = args[1] if len(args) > 1 else kwargs.get("data")
            self.matrices = [*self.matrices[-1:], (args[0], made_of)]
            return None
        if kind == "texts":
            return None
        if kind in ("open", "load"):
            return Session(engine) if place else None
        if kind == "input":
            number, value = [*args[1:3], *(kwargs[name] for name in ("tensor_index", "value") if name in kwargs)]
            if self.counting:
                self._session(engine, args[0]).set[number] = value
            return None
        session = self._session(engine, args[0])
        session.method = attribute
        if session.ran is None and (place is not None or self.run.door is not None):
            session.ran, *session.ran_through = self._places(CALLERS) or [self.run.door]
        session.at_once += 1
        session.most_at_once = max(session.most_at_once, session.at_once)
        session.last = (attribute, args, kwargs)
        if self.counting:
            self._look_at(session, args, kwargs)
            self._note(session, attribute, args, kwargs)
        return session

    def _prepare(self, kind, args, kwargs, place):
        found = next((one for one in self.preparations if one.target is args[0]), None)
        if found is None:
            found = Preparation(kind, args[0])
            self.preparations.append(found)
        found.ran = found.ran or place
        found.last = (args[1:], kwargs)
        found.calls += self.counting

    def _note(self, session, attribute, args, kwargs):
        """Runs of the first prediction that counts."""
        call = self.run.whereabouts.calls
        if not session.in_one_prediction:
            session.prediction = call
        if session.prediction == call and len(session.in_one_prediction) < MOST_RUNS:
            session.in_one_prediction.append((attribute, args, kwargs))

    def _look_at(self, session, args, kwargs):
        stage = self.run.whereabouts.stage
        session.stages[stage] = session.stages.get(stage, 0) + 1
        session.methods[session.method] = session.methods.get(session.method, 0) + 1
        session.traces = traces_of(args[0]) if session.engine in ("tensorflow", "keras") else None
        if session.runs >= 3:
            return
        given = [*args[1:], *kwargs.values(), *session.set.values()]
        flat = []
        for one in given:
            flat.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) and one and hasattr(one[0], "dtype") else [one])
        session.inputs = [fact for fact in map(values.fact, flat[:8]) if fact["kind"] in ("ndarray", "tensor", "dataframe", "array")]
        _torch_facts(session, args[0])
        if session.engine == "keras" and session.method == "__call__" and kwargs.get("training") is True:
            session.training = True

    def _end(self, session, kind, took, given, result):
        if kind == "texts" and result is not None:
            args, kwargs = given
            texts = args[1] if len(args) > 1 else kwargs.get("raw_documents")
            # An iterator has none left.
            if hasattr(texts, "__len__") and len(texts) == result.shape[0]:
                self.text_rows = [*self.text_rows[-1:], (result, Texts(texts, args[0]))]
        if session is None:
            return
        if kind in ("open", "load"):
            self._opened(session, kind, took, given, result)
            return
        args, _ = given
        session.at_once -= 1
        if self.counting:
            session.runs += 1
            session.run_ns += took
            now = traces_of(args[0]) if session.traces is not None else None
            if now is not None:
                session.retraces = (session.retraces or 0) + max(0, now - session.traces)

    def _opened(self, opened, kind, took, given, result):
        args, _ = given
        target = result if kind == "load" else args[0]
        if target is None or opened.engine is None and values_engine(type(target)) is None:
            return
        engine = opened.engine if kind == "open" else values_engine(type(target)) or opened.engine
        session = self._session(engine, target)
        session.opened = self._place()
        session.opens += self.counting
        session.open_ns = took
        self.opening_ns = (self.opening_ns or 0) + took
        session.model_file = file_of(*given, kind) or session.model_file

    def _keep_opening(self, kind, original, given, result):
        """How a model that is opened in each prediction is opened again: by its class, or by the same function of a file that is named."""
        args, kwargs = given
        target = result if kind == "load" else args[0]
        session = next((one for one in self.sessions if one.target is target and target is not None and one.opening is None), None)
        if session is None:
            return
        if kind == "open":
            session.opening = lambda: type(target)(*args[1:], **kwargs)
            return
        path, at = _file_at(args, kwargs, kind)
        if path is None:
            # The name of a model that its library finds.
            if args and isinstance(args[0], str):
                session.opening = lambda: original(*args, **kwargs)
            return

        def opening():
            if isinstance(_value_at(args, kwargs, at), (str, os.PathLike)):
                return original(*args, **kwargs)
            with open(path, "rb") as file:
                words = {name: file if name == at else value for name, value in kwargs.items()}
                return original(*[file if place == at else value for place, value in enumerate(args)], **words)

        session.opening = opening

    def _session(self, engine, target):
        """The session by where it is opened or run: one that is opened anew for each prediction is one session with many openings."""
        for session in self.sessions:
            if session.target is target:
                return session
        place = self._place()
        for session in self.sessions:
            opened = session.opened if session.opened is not None else session.ran if engine == "tensorflow" else None
            if session.engine == engine and opened is not None and opened == place:
                session.target = target
                return session
        session = Session(engine)
        session.target = target
        self.sessions.append(session)
        return session

    def _place(self):
        found = self._places(1)
        return found[0] if found else None

    def _places(self, most):
        """Frames of the user's own, the nearest first."""
        frame, found = sys._getframe(2), []
        while frame is not None and len(found) < most:
            if self.run.places.is_user(frame.f_code.co_filename):
                found.append({"file": shown(frame.f_code.co_filename), "line": frame.f_lineno, "function": name_of(frame.f_code)})
            frame = frame.f_back
        return found

    def rows(self, predictions, stage_names):
        return [row_of(session, predictions, stage_names) for session in self.sessions if session.runs or session.opens or session.opened]


def row_of(session, predictions, stage_names):
    stage = max(session.stages, key=session.stages.get) if session.stages else -1
    file = session.model_file
    return {
        "engine": session.engine,
        "version": _version(session.engine),
        "modelFile": os.path.abspath(file) if file else None,
        "modelBytes": os.path.getsize(file) if file and os.path.isfile(file) else None,
        "device": session.device,
        "threads": session.threads,
        "opened": session.opened,
        "opensPerPrediction": session.opens / max(1, predictions),
        "openMs": None if session.open_ns is None else session.open_ns / MS,
        "ran": session.ran,
        "ranThrough": session.ran_through,
        "method": max(session.methods, key=session.methods.get) if session.methods else session.method,
        "runsPerPrediction": session.runs / max(1, predictions),
        "runMs": session.run_ns / MS / max(1, predictions),
        "concurrentRuns": session.most_at_once,
        "inputs": session.inputs,
        "training": session.training,
        "gradients": session.gradients,
        "retraces": session.retraces,
        "stage": stage_names[stage] if 0 <= stage < len(stage_names) else None,
    }


def values_engine(cls):
    """The engine of a type whose library is known."""
    first = {name.split(".")[0] for name in (one.__module__ or "" for one in cls.__mro__)}
    for module, engine in (
        ("xgboost", "xgboost"),
        ("lightgbm", "lightgbm"),
        ("catboost", "catboost"),
        ("torch", "pytorch"),
        ("keras", "keras"),
        ("onnxruntime", "onnxruntime"),
        ("sklearn", "scikit-learn"),
        ("tensorflow", "tensorflow"),
    ):
        if module in first:
            return engine
    return None


def traces_of(target):
    """How often a function of TensorFlow, or the one behind a Keras model's `predict`, was traced; None where it is not told."""
    function = getattr(target, "predict_function", None) or target
    count = getattr(function, "experimental_get_tracing_count", None)
    try:
        return count() if count is not None else None
    except Exception:
        return None


def _is_model(layer):
    return any(one.__name__ in ("Model", "Functional", "Sequential") for one in type(layer).__mro__)


def _torch_facts(session, model):
    if session.engine != "pytorch":
        return
    torch = sys.modules.get("torch")
    session.training = in_training(model) if hasattr(model, "modules") else bool(getattr(model, "training", False))
    wanted = any(one.requires_grad for one in model.parameters()) if hasattr(model, "parameters") else False
    session.gradients = bool(torch is not None and torch.is_grad_enabled() and wanted)


def file_of(args, kwargs, kind):
    return _file_at(args, kwargs, kind)[0]


def _file_at(args, kwargs, kind):
    """(path, where it stands among the arguments) of the first that is a file's; (None, None): it is of none."""
    first = 1 if kind == "open" else 0
    places = [*range(first, min(len(args), first + 1)), *kwargs]
    found = ((_file(_value_at(args, kwargs, at)), at) for at in places)
    return next((one for one in found if one[0] is not None), (None, None))


def _value_at(args, kwargs, at):
    return args[at] if isinstance(at, int) else kwargs[at]


def _file(named):
    if isinstance(named, (str, os.PathLike)) and os.path.exists(os.fspath(named)):
        return os.fspath(named)
    name = getattr(named, "name", None)
    return name if isinstance(name, str) and os.path.exists(name) else None


def _version(engine):
    module = sys.modules.get(PACKAGE.get(engine, engine))
    version = getattr(module, "__version__", None)
    return version if isinstance(version, str) else None
