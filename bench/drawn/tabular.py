"""Tabular models with settings drawn at random, and what their makers predict: python tabular.py FOLDER SEED COUNT. Of every library that is installed:
scikit-learn (through skops), XGBoost, LightGBM, CatBoost. Settings that the library refuses are drawn again."""
import importlib.util
import os
import random
import sys
import warnings

import numpy as np

from cases import Cases

FOLDER, SEED, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
warnings.simplefilter("ignore")
draw, rng = random.Random(SEED), np.random.default_rng(SEED)
cases = Cases(FOLDER)


def some(**options):
    """Each of them with a chance of two in five, one of its values."""
    return {name: draw.choice(values) for name, values in options.items() if draw.random() < 0.4}


def table(can_miss):
    """Columns 2 and 5 are whole numbers."""
    x = rng.normal(size=(400, 6)).astype(np.float32).astype(float)
    x[:, 2], x[:, 5] = np.round(x[:, 2] * 2), rng.integers(0, 12, 400)
    y = x[:, 0] - 0.5 * x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3]) + 0.8 * (x[:, 5] % 3 == 0)
    if can_miss:
        x[rng.random(x.shape) < 0.08] = np.nan
    return x, y


def rows_of(x, can_miss):
    rows = x[:24].copy()
    rows[20:, 5] = [40, -3, 3, 7]
    if can_miss:
        rows[19] = np.nan
    return rows.astype(np.float32).astype(float)


def target(y, kind):
    two = (y > 0).astype(int)
    return {"two": two, "names": np.array(["no", "yes"])[two], "three": np.digitize(y, [-0.7, 0.7]), "odd": np.array([3, 7])[two], "positive": np.exp(y / 2) + 0.01, "number": y}[kind]


def sklearn():
    import skops.io
    from sklearn import discriminant_analysis, ensemble, linear_model, naive_bayes, neural_network, svm, tree
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
    from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler, StandardScaler

    can_miss, is_class = draw.random() < 0.4, draw.random() < 0.65
    x, y = table(can_miss)
    imputer = lambda: SimpleImputer(**some(strategy=["median", "most_frequent", "constant"], add_indicator=[True], keep_empty_features=[True]))
    scaler = lambda: draw.choice(
        [
            lambda: StandardScaler(**some(with_mean=[False], with_std=[False])),
            lambda: RobustScaler(**some(with_centering=[False], with_scaling=[False], unit_variance=[True])),
            lambda: MinMaxScaler(**some(feature_range=[(-1, 1)])),
            lambda: MaxAbsScaler(),
            lambda: Normalizer(norm=draw.choice(["l1", "l2", "max"])),
            lambda: Binarizer(threshold=draw.choice([0, 0.5])),
        ]
    )()
    reducer = lambda: draw.choice(
        [
            lambda: PCA(draw.choice([1, 2, 3]), **some(whiten=[True])),
            lambda: IncrementalPCA(2, **some(whiten=[True])),
            lambda: TruncatedSVD(2),
            lambda: PolynomialFeatures(draw.choice([2, 3, (2, 3)]), **some(interaction_only=[True], include_bias=[False])),
            lambda: KBinsDiscretizer(draw.choice([2, 4]), encode=draw.choice(["ordinal", "onehot-dense"]), **some(strategy=["uniform", "kmeans"])),
            lambda: SelectKBest(k=draw.choice([1, 2, "all"])),
            lambda: SelectPercentile(percentile=draw.choice([34, 50, 100])),
            lambda: VarianceThreshold(**some(threshold=[0.001])),
            lambda: RFE(linear_model.Ridge(), n_features_to_select=2) if not is_class else RFE(tree.DecisionTreeClassifier(max_depth=3)),
            lambda: SelectFromModel(
                draw.choice([linear_model.Ridge(), linear_model.Lasso(0.01), ensemble.RandomForestRegressor(3), ensemble.GradientBoostingRegressor(n_estimators=3)])
                if not is_class
                else draw.choice([linear_model.LogisticRegression(max_iter=300), tree.DecisionTreeClassifier(), ensemble.RandomForestClassifier(3), ensemble.GradientBoostingClassifier(n_estimators=2)]),
                **some(threshold=["median", "0.5*mean", 0.1], max_features=[2]),
            ),
        ]
    )()
    encoder = lambda: draw.choice(
        [
            lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=draw.choice([-1, 99]), **some(encoded_missing_value=[-2])),
        ]
    )()
    numbers = lambda: make_pipeline(*[imputer()] * can_miss, scaler(), *[reducer()] * (draw.random() < 0.3))
    columns = lambda: ColumnTransformer(
        draw.sample([("n", numbers(), draw.sample([0, 1, 3, 4], 3)), ("c", encoder(), draw.choice([[2], [5], [5, 2]])), ("p", "passthrough", [draw.choice([0, 4])])], draw.randint(2, 3)),
        sparse_threshold=0, remainder=draw.choice(["drop", StandardScaler()]), **some(transformer_weights=[{"n": 2.5}, {"c": 0.5}]),
    )  # fmt: skip
    steps = [columns()] if draw.random() < 0.4 else [imputer(), scaler()] if can_miss else [scaler()] if draw.random() < 0.5 else []
    if (steps or not can_miss) and draw.random() < 0.2 and "passthrough" not in repr(steps):
        steps.append(reducer())
    depth = lambda: some(max_depth=[2, 4], min_samples_leaf=[5])
    classifier = lambda: draw.choice(
        [
            lambda: tree.DecisionTreeClassifier(**depth(), **some(ccp_alpha=[0.01])),
            lambda: ensemble.RandomForestClassifier(4, **depth()),
            lambda: ensemble.ExtraTreesClassifier(4, **depth()),
            lambda: ensemble.GradientBoostingClassifier(n_estimators=4, **some(loss=["exponential"], init=["zero"], subsample=[0.7])),
            lambda: ensemble.HistGradientBoostingClassifier(max_iter=4, **some(categorical_features=[[5], [2, 5]], early_stopping=[True])),
            lambda: linear_model.LogisticRegression(max_iter=300, **some(fit_intercept=[False], C=[0.1])),
            lambda: linear_model.SGDClassifier(loss=draw.choice(["log_loss", "hinge"])),
            lambda: linear_model.RidgeClassifier(),
            lambda: svm.LinearSVC(),
            lambda: discriminant_analysis.LinearDiscriminantAnalysis(),
            lambda: neural_network.MLPClassifier((5, 3)[: draw.randint(1, 2)], max_iter=60, activation=draw.choice(["relu", "tanh", "logistic", "identity"])),
            lambda: naive_bayes.GaussianNB(**some(var_smoothing=[0.01])),
            lambda: naive_bayes.BernoulliNB(**some(binarize=[0.3], fit_prior=[False])),
            lambda: CalibratedClassifierCV(draw.choice([svm.LinearSVC(), linear_model.LogisticRegression()]), cv=2, **some(ensemble=[False])),
        ]
    )()
    regressor = lambda: draw.choice(
        [
            lambda: tree.DecisionTreeRegressor(**depth()),
            lambda: ensemble.RandomForestRegressor(4, **depth()),
            lambda: ensemble.GradientBoostingRegressor(n_estimators=4, **some(loss=["huber", "quantile"], init=["zero"])),
            lambda: ensemble.HistGradientBoostingRegressor(max_iter=4, **some(loss=["absolute_error", "poisson"])),
            lambda: linear_model.LinearRegression(**some(fit_intercept=[False])),
            lambda: linear_model.ElasticNet(0.01),
            lambda: linear_model.PoissonRegressor(),
            lambda: linear_model.TweedieRegressor(**some(power=[0, 1.5], link=["identity", "log"])),
            lambda: neural_network.MLPRegressor((4,), max_iter=60),
        ]
    )()
    ensembles = (
        [
            lambda: ensemble.BaggingClassifier(tree.DecisionTreeClassifier(**depth()), 3, **some(max_features=[1, 2], bootstrap_features=[True])),
            lambda: ensemble.BaggingClassifier(linear_model.LogisticRegression(max_iter=300), 3, **some(max_features=[1, 2])),
            lambda: ensemble.VotingClassifier(
                [("a", tree.DecisionTreeClassifier(**depth())), ("b", ensemble.ExtraTreesClassifier(3, **depth()))], voting="soft", **some(weights=[[1, 3]])
            ),
        ]
        if is_class
        else [
            lambda: ensemble.BaggingRegressor(draw.choice([tree.DecisionTreeRegressor(), linear_model.Ridge()]), 3, **some(max_features=[1, 2])),
            lambda: ensemble.VotingRegressor(
                draw.choice([[("a", linear_model.Ridge()), ("b", make_pipeline(scaler(), linear_model.Lasso(0.01)))], [("c", ensemble.RandomForestRegressor(3)), ("d", tree.DecisionTreeRegressor())]]), **some(weights=[[0.5, 3]])
            ),
        ]
    )
    outliers = lambda: ensemble.IsolationForest(n_estimators=4, **some(max_features=[2, 0.5], max_samples=[10, 0.3], contamination=[0.05, 0.2], bootstrap=[True]))
    model = make_pipeline(*steps, outliers() if draw.random() < 0.1 else draw.choice(ensembles)() if draw.random() < 0.15 else classifier() if is_class else regressor())
    model.fit(x, target(y, draw.choice(["two", "names", "three", "odd"]) if is_class else "positive"))
    rows = rows_of(x, can_miss)
    given = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.decision_function(rows) if hasattr(model, "decision_function") else model.predict(rows)
    cases.add("skops", lambda file: skops.io.dump(model, file), rows, given, repr(model))


def xgboost():
    import xgboost

    x, y = table(True)
    objective = draw.choice(["reg:squarederror", "reg:logistic", "binary:logistic", "binary:logitraw", "binary:hinge", "count:poisson", "reg:gamma", "reg:tweedie", "multi:softprob", "multi:softmax", "rank:pairwise", "reg:absoluteerror", "reg:pseudohubererror", "survival:cox"])
    kind = "two" if "binary" in objective or objective == "reg:logistic" else "three" if "multi" in objective else "positive"
    words = {"objective": objective, "nthread": 1, **some(booster=["dart", "gblinear"], max_depth=[2, 4], base_score=[0.3, 0.7], num_parallel_tree=[3], tree_method=["approx", "exact", "hist"], grow_policy=["lossguide"], rate_drop=[0.3], eta=[1, 0.1])}
    if kind == "three":
        words["num_class"] = 3
    model = xgboost.train(words, xgboost.DMatrix(x, target(y, kind)), draw.choice([1, 5]))
    rows = rows_of(x, True)
    cases.add(draw.choice(["json", "ubj"]), model.save_model, rows, model.predict(xgboost.DMatrix(rows)), str(words))


def lightgbm():
    import lightgbm

    x, y = table(True)
    objective = draw.choice(["regression", "regression_l1", "huber", "poisson", "quantile", "gamma", "tweedie", "binary", "multiclass", "multiclassova", "cross_entropy", "cross_entropy_lambda"])
    kind = "three" if "multi" in objective else "two" if objective == "binary" or "entropy" in objective else "positive"
    words = {"objective": objective, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, **some(boosting=["dart", "goss"], num_leaves=[4, 15], linear_tree=[True], zero_as_missing=[True], use_missing=[False], boost_from_average=[False], sigmoid=[2.0], reg_sqrt=[True], max_cat_to_onehot=[1, 50])}
    if kind == "three":
        words["num_class"] = 3
    model = lightgbm.train(words, lightgbm.Dataset(x, target(y, kind), categorical_feature=draw.choice([[], [5]]) or "auto"), draw.choice([1, 6]))
    rows = rows_of(x, True)
    cases.add("txt", model.save_model, rows, model.predict(rows), str(words))


def catboost():
    import catboost

    x, y = table(True)
    loss = draw.choice(["RMSE", "MAE", "Quantile:alpha=0.3", "Poisson", "Tweedie:variance_power=1.4", "Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll"])
    kind = "three" if "Multi" in loss else "two" if loss in ("Logloss", "CrossEntropy") else "positive"
    words = {"loss_function": loss, "iterations": draw.choice([1, 5]), "thread_count": 1, **some(depth=[2, 4], grow_policy=["Lossguide", "Depthwise"], nan_mode=["Min", "Max"], border_count=[4], boost_from_average=[False])}
    model = catboost.CatBoost({**words, "verbose": False, "allow_writing_files": False}).fit(x, target(y, kind))
    rows = rows_of(x, True)
    form = "Exponent" if loss.split(":")[0] in ("Poisson", "Tweedie") else "RawFormulaVal" if kind == "positive" else "Probability"
    cases.add("json", lambda file: model.save_model(file, format="json"), rows, model.predict(rows, prediction_type=form), str(words))


makers = [one for one, needed in ((sklearn, "skops"), (xgboost, "xgboost"), (lightgbm, "lightgbm"), (catboost, "catboost")) if importlib.util.find_spec(needed)]
for at in range(COUNT):
    cases.drawn(makers[at % len(makers)])
cases.done()
