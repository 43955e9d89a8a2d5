import numpy as np, time, sys
from helpers import data, functional as F, layers, models, optim, training
from helpers.layers import *
digits=data.load_digits(); part=digits.take(10000) if len(digits.x_train)>10000 else digits
print(digits,len(part.x_train))
epochs=3 if len(digits.x_train)>10000 else 3*10000//len(part.x_train)
def net(depth,skips,seed,scale):
    rng=np.random.default_rng(seed); blocks=[]
    for _ in range(depth):
        d=Linear(64,64,rng); d.weight.value*=np.float32(scale); body=Sequential(d,ReLU())
        blocks.append(Residual(body) if skips else body)
    return Sequential(Flatten(),Linear(784,64,rng),ReLU(),*blocks,Linear(64,10,rng))
x,y=part.x_train[:1000],part.y_train[:1000]
def ratio(n):
    out=n.forward(x); n.backward(F.cross_entropy(out,y)[1])
    g=[p.grad for name,p in n.named_parameters() if name.endswith("weight") and p.value.shape==(64,64)]
    a=x; c=[]
    for l in n.layers[:-1]: a=l.forward(a)
    u=a[:200]/np.linalg.norm(a[:200],axis=1,keepdims=True); cos=(u@u.T)
    return np.linalg.norm(g[0])/np.linalg.norm(g[-1]), (cos.sum()-200)/(200*199)
for skips,scale in ((0,1),(1,.1)):
    for depth in (1,5,10,20,30,40):
        for seed in range(int(sys.argv[1])):
            n=net(depth,skips,seed,scale); r,c=ratio(n); t=time.time()
            h=training.fit(n,part,optim.Adam(n.parameters(),lr=1e-3),epochs,100,seed)
            r2,c2=ratio(n)
            print("skip" if skips else "plain",depth,seed,"train loss %.3f acc %.3f test %.3f"%(h.train_loss[-1],training.evaluate(n,part.x_train,part.y_train),h.test_accuracy[-1]),"ratio %.2f cos %.3f after %.2f %.3f"%(r,c,r2,c2),"%.1f s"%(time.time()-t),flush=True)
