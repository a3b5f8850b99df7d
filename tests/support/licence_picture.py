"""A 营业执照 of nobody, drawn as its form is laid out and photographed a little askew."""

from __future__ import annotations

import io
import subprocess

_ROWS = (
    ("名        称", "{name}", "注册资本", "壹仟万元整"),
    ("类        型", "有限责任公司(自然人投资或控股)", "成立日期", "2015年06月18日"),
    ("法定代表人", "示例某", "住        所", "山东省青岛市崂山区示例路1号"),
    ("经营范围", "新材料技术研发；膜材料制造；污水处理及其再生利用；", "", ""),
)


def licence_picture(name: str, code: str, turned: float = 0) -> bytes:
    """A JPEG; `turned` is in degrees. Needs Pillow, which comes with the OCR, and a Chinese font."""
    from PIL import Image, ImageDraw, ImageFont

    font_file = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK SC"], capture_output=True, text=True, check=True
    ).stdout

    def font(size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(font_file, size)

    picture = Image.new("RGB", (1600, 1130), (252, 246, 226))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, 1560, 1090), outline=(180, 140, 60), width=8)
    draw.text((620, 120), "营 业 执 照", font=font(72), fill=(60, 30, 20))
    draw.text((110, 150), "统一社会信用代码", font=font(28), fill=0)
    draw.text((110, 190), code, font=font(34), fill=0)
    for number, (label, value, other, more) in enumerate(_ROWS):
        top = 330 + 100 * number
        for left, words, size in (
            (130, label, 28),
            (310, value.format(name=name), 30),
            (960, other, 28),
            (1120, more, 30),
        ):
            draw.text((left, top), words, font=font(size), fill=0)
    draw.text((1080, 880), "登记机关", font=font(30), fill=0)
    written = io.BytesIO()
    picture.rotate(turned, expand=True, fillcolor=(120, 120, 120)).save(written, "JPEG", quality=80)
    return written.getvalue()
