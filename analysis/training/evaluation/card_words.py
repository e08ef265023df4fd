"""The words of a model card in each of its languages, but for the template of its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class CardWords:
    """Phrases of a model card; what stands in braces is filled in by `model_card`."""

    template: Path
    test: str
    validation: str
    picture: str
    face: str
    clip: str
    trained: str
    folds: str
    grouped_by: str
    metrics: str
    few: str
    headline: str
    columns: tuple[str, str, str, str, str]
    weak: str
    untested: str
    warning: str
    rule_of_two: str
    rule: str
    others_weights: str
    separator: str
    """Between labels of a list."""


ENGLISH = CardWords(
    template=HERE / "model_card_template.md",
    test="the test set, which was used for nothing else",
    validation="the validation set",
    picture="the whole picture, stretched to a square",
    face="the face, cut out and turned upright",
    clip="frames spread evenly over the clip",
    trained="{created} with seed {seed} on {device}",
    folds=", cross-validated in {n} folds",
    grouped_by="; grouped by {groups}",
    metrics="Metrics on {part}",
    few="With so few samples, these metrics are not reliable.",
    headline="Accuracy {accuracy:.1%} (95 % interval {low:.1%} to {high:.1%}) on {count} samples "
    "from {sources} sources; macro F1 {macro_f1:.3f}, calibration error {error:.3f}.",
    columns=("label", "precision", "recall", "F1", "samples"),
    weak="- Weak at: {labels} (F1 below {limit}).",
    untested="- There was no test set: its settings were chosen with the samples it was measured on.",
    warning="- Warning: {text}.",
    rule_of_two="The second label is predicted at a score of {threshold:.3f} or more, otherwise the first.",
    rule="The label with the highest score is predicted.",
    others_weights="It contains weights made by others:",
    separator=", ",
)
CHINESE = CardWords(
    template=HERE / "model_card_template.zh-hans.md",
    test="测试集（没有用于任何其他目的）",
    validation="验证集",
    picture="整张图片，拉伸为正方形",
    face="裁剪并转正的人脸",
    clip="在片段中均匀选取的画面",
    trained="{created}，随机种子 {seed}，设备 {device}",
    folds="，{n} 折交叉验证",
    grouped_by="；分组依据：{groups}",
    metrics="{part}上的指标",
    few="样本这么少，这些指标并不可靠。",
    headline="准确率 {accuracy:.1%}（95 % 区间 {low:.1%} 至 {high:.1%}），{count} 个样本，来自 {sources} 个来源；"
    "宏平均 F1 {macro_f1:.3f}，校准误差 {error:.3f}。",
    columns=("标签", "精确率", "召回率", "F1", "样本"),
    weak="- 较弱的标签：{labels}（F1 低于 {limit}）。",
    untested="- 没有测试集：它的设置是用测量它的同一批样本选出来的。",
    warning="- 警告：{text}",
    rule_of_two="第二个标签的分数达到 {threshold:.3f} 时判为第二个标签，否则判为第一个。",
    rule="判为分数最高的标签。",
    others_weights="它包含他人制作的权重：",
    separator="、",
)
WORDS = {"en": ENGLISH, "zh-hans": CHINESE}
"""By the code of a language, as Django has it."""
