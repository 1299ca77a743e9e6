"""The course's Markdown as safe HTML, with a copy button at each block to type."""

import re
from functools import cache
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from PIL import Image

from workshop.course.lesson_index import PICTURES_DIR

TYPED = ("sh", "powershell")
"""The languages of blocks that an attendee types or pastes."""
_ATTRIBUTES = {
    "a": {"href", "title"},
    "button": {"type", "class", "data-copy", "aria-label"},
    "code": {"class"},
    "div": {"class"},
    "span": {"class"},
    "img": {"alt", "height", "loading", "src", "title", "width"},
    "pre": {"class", "tabindex"},
    "td": {"align"},
    "th": {"align"},
}
_TAGS = {
    "a", "blockquote", "br", "button", "code", "del", "details", "div", "em", "h2", "h3", "h4",
    "h5", "h6", "hr", "img", "ins", "li", "ol", "p", "pre", "span", "strong", "summary", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_LESSON_LINK = re.compile(r"^([a-z-]+)\.md$")
_PICTURE = re.compile(r"^pictures/([\w-]+\.(?:svg|png))$")


def safe_html(text: str) -> str:
    """The HTML of a Markdown text: no script, no style, no address but http(s) and our own."""
    return nh3.clean(
        _parser().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )


@cache
def _parser() -> MarkdownIt:
    # HTML stays: the lessons fold answers into <details>; nh3 drops whatever else there is.
    parser = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    return parser


def _fence(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A block: typed in a terminal, put into a file that its info string names, or printed."""
    token = tokens[index]
    language, _, path = token.info.strip().partition(" ")
    is_diff = language == "diff"
    content = _changed_lines(token.content) if is_diff else escape(token.content)
    # Scrolled by the keyboard: WCAG 2.1.1.
    block = f'<pre tabindex="0" class="{escape(language)}"><code>{content}</code></pre>'
    if language in TYPED:
        return f'<div class="typed {language}">{block}{_copy_button(token.content.strip())}</div>'
    if not path:
        return block
    # The signs of a diff do not belong into the file, and what to copy of it is a matter of choice.
    button = "" if is_diff else _copy_button(token.content.rstrip())
    caption = f'<span class="path">{"change in" if is_diff else "into"} {escape(path)}</span>'
    return f'<div class="typed file">{caption}{block}{button}</div>'


def _copy_button(text: str) -> str:
    return (
        f'<button type="button" class="copy" data-copy="{escape(text)}" '
        f'aria-label="Copy: {escape(text[:100])}">Copy</button>'
    )


def _changed_lines(diff: str) -> str:
    """The lines of a diff: what is added and what is taken away, by more than their signs."""
    tags = {"+": "ins", "-": "del"}
    lines = []
    for line in diff.splitlines():
        tag = tags.get(line[:1])
        lines.append(f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line))
    return "\n".join(lines) + "\n"


def _heading(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """One level lower: the page has a heading above each text."""
    token = tokens[index]
    token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return self.renderToken(tokens, index, options, env)


def _link(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A link to another text of the course leads to it in the page."""
    token = tokens[index]
    target = _LESSON_LINK.match(str(token.attrs.get("href", "")))
    if target:
        token.attrs["href"] = f"./?lesson={target[1]}#lessons"
    return self.renderToken(tokens, index, options, env)


def _image(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    picture = _PICTURE.match(str(token.attrs.get("src", "")))
    if picture:
        token.attrs["src"] = f"./static/lessons/{picture[1]}"
        token.attrs["loading"] = "lazy"
        # So that the text below does not move when the picture comes.
        token.attrs |= dict(zip(("width", "height"), _sides(picture[1]), strict=False))
    return self.image(tokens, index, options, env)


def _sides(name: str) -> tuple[int, ...]:
    """The width and height of a picture of the lessons in pixels; nothing where unknown."""
    path = PICTURES_DIR / name
    try:
        if path.suffix == ".svg":
            view = re.search(r'viewBox="0 0 (\d+) (\d+)"', path.read_text("utf-8"))
            return (int(view[1]), int(view[2])) if view else ()
        with Image.open(path) as image:
            return image.size
    except OSError:
        return ()
